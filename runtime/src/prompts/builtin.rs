//! The prompts that the program carries, so that a fresh machine can speak: 8 kHz µ-law, made by `runtime/prompts/make.sh`.

/// Name and audio.
type Builtin = (&'static str, &'static [u8]);

macro_rules! prompts {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../prompts/en/", $name, ".ulaw")) as &[u8])),*]
    };
}

/// Every one, by name.
pub(super) const NAMES: &[Builtin] = prompts!(
    "beep" "demo-abouttotry" "demo-echodone" "demo-echotest" "demo-nogo" "demo-thanks" "hello" "invalid" "transfer" "vm-goodbye"
    "digits/0" "digits/1" "digits/2" "digits/3" "digits/4" "digits/5" "digits/6" "digits/7" "digits/8" "digits/9"
    "digits/10" "digits/11" "digits/12" "digits/13" "digits/14" "digits/15" "digits/16" "digits/17" "digits/18" "digits/19"
    "digits/20" "digits/30" "digits/40" "digits/50" "digits/60" "digits/70" "digits/80" "digits/90"
    "digits/hundred" "digits/thousand" "digits/million" "digits/minus" "digits/star" "digits/pound"
);

/// The prompt of this name.
pub(super) fn find(name: &str) -> Option<Builtin> {
    NAMES.iter().find(|(known, _)| *known == name).copied()
}

/// `silence/1` to `silence/10`: so many seconds of nothing.
pub(super) fn silence(name: &str) -> Option<u64> {
    let seconds = name.strip_prefix("silence/")?;
    (1..=10).find(|n| n.to_string() == seconds)
}
