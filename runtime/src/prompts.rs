//! Sound files: found as Asterisk finds them (DL-315 to DL-317), read as 20 ms frames.

mod builtin;
mod resample;
mod sound;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::rtp::Frame;
use sound::{READABLE, Sound, UNREADABLE};

/// Where Debian's packages put Asterisk's recordings.
const SYSTEM: &str = "/usr/share/asterisk/sounds";
/// Longest name and language that are looked for, in bytes; no file system has longer ones.
const NAME: usize = 1_024;

/// Where prompts are looked for: a configured folder, the system's, and the built-in ones.
#[derive(Clone, Debug)]
pub struct Prompts {
    folders: Vec<PathBuf>,
    absolute: bool,
}

/// Why a prompt cannot be played. The text is for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No file of this name in any folder and language.
    NotFound,
    /// It is there, but only in files that we cannot read; each with the reason.
    Unreadable(Vec<String>),
    /// The name leads out of the sound folders.
    Outside,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::NotFound => f.write_str("no such sound file in any folder or language"),
            Missing::Unreadable(why) => write!(f, "found, but not readable: {}", why.join("; ")),
            Missing::Outside => f.write_str("the name leads out of the sound folders"),
        }
    }
}

impl std::error::Error for Missing {}

/// Names of prompts that need no file.
pub fn carried() -> impl Iterator<Item = String> {
    let silences = (1..=10).map(|n| format!("silence/{n}"));
    let names = builtin::NAMES.iter().map(|(name, _)| (*name).to_owned());
    names.chain(silences)
}

impl Prompts {
    /// Prompts of a configured sounds folder (`astdatadir`/sounds), then of `/usr/share/asterisk/sounds`, then the built-in ones.
    pub fn new(sounds: Option<&Path>) -> Prompts {
        let folders = sounds
            .map(Path::to_path_buf)
            .into_iter()
            .chain([PathBuf::from(SYSTEM)]);
        Prompts {
            folders: folders.collect(),
            absolute: false,
        }
    }

    /// Only these folders, then the built-in prompts.
    pub fn of_folders(folders: Vec<PathBuf>) -> Prompts {
        Prompts {
            folders,
            absolute: false,
        }
    }

    /// Lets the dialplan name files outside the sound folders by an absolute path.
    pub fn allow_absolute(mut self, yes: bool) -> Prompts {
        self.absolute = yes;
        self
    }

    /// Finds and opens a prompt. `name` has no extension and comes from the dialplan; `language` is the channel's.
    ///
    /// Each folder is searched through all languages (`xx_YY`, `xx`, none, `en`) before the next folder (DL-316); a file in a
    /// format that we cannot read does not hide a readable one later in the search. `name` can never lead out of the folders,
    /// unless [absolute paths are allowed](Prompts::allow_absolute).
    ///
    /// # Errors
    /// [`Missing`] says why there is nothing to play.
    pub fn find(&self, name: &[u8], language: &[u8]) -> Result<Prompt, Missing> {
        if name.len() > NAME {
            return Err(Missing::NotFound);
        }
        let name = native(name)
            .filter(|n| !n.as_os_str().is_empty())
            .ok_or(Missing::NotFound)?;
        let inside = name
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let outside_allowed = self.absolute && name.is_absolute();
        if !inside && !outside_allowed {
            return Err(Missing::Outside);
        }
        let languages = languages(language);
        let mut unreadable = Vec::new();
        let places = if name.is_absolute() {
            &[PathBuf::new()][..]
        } else {
            &self.folders[..]
        };
        for folder in places {
            for language in &languages {
                for path in layouts(folder, &name, language) {
                    match Sound::open(&path) {
                        Ok(Some((sound, path))) => {
                            return Ok(Prompt {
                                sound,
                                origin: path.display().to_string(),
                            });
                        }
                        Ok(None) => {}
                        Err(why) => unreadable.extend(why),
                    }
                }
            }
        }
        if let Some((name, bytes)) = name.to_str().and_then(builtin::find) {
            return Ok(Prompt {
                sound: Sound::builtin(bytes),
                origin: format!("built-in {name}"),
            });
        }
        if let Some(seconds) = name.to_str().and_then(builtin::silence) {
            return Ok(Prompt {
                sound: Sound::silence(seconds),
                origin: format!("built-in silence of {seconds} s"),
            });
        }
        if unreadable.is_empty() {
            Err(Missing::NotFound)
        } else {
            Err(Missing::Unreadable(unreadable))
        }
    }

    /// Names of the built-in prompts.
    pub fn builtin() -> impl Iterator<Item = &'static str> {
        builtin::NAMES.iter().map(|(name, _)| *name)
    }

    /// Formats by file extension: those that we read, and those that we know by name only.
    pub fn formats() -> (&'static [&'static str], &'static [&'static str]) {
        (READABLE, UNREADABLE)
    }
}

/// The directories of a language in the order of the search: `fr_CA`, `fr`, none, `en`. A language that is no plain word is
/// taken for none: it may come from the dialplan.
fn languages(language: &[u8]) -> Vec<&str> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let mut rest = std::str::from_utf8(language)
        .ok()
        .filter(|l| l.len() <= 64 && l.bytes().all(|b| plain(&b)));
    let mut found = Vec::new();
    while let Some(language) = rest.filter(|l| !l.is_empty()) {
        found.push(language);
        rest = language.rsplit_once('_').map(|(shorter, _)| shorter);
    }
    found.push("");
    if !found.contains(&"en") {
        found.push("en");
    }
    found
}

/// Where a name may lie for one language: `fr/digits/1`, and in the layout of old `digits/fr/1`.
fn layouts(folder: &Path, name: &Path, language: &str) -> Vec<PathBuf> {
    if language.is_empty() {
        return vec![folder.join(name)];
    }
    let old = match (name.parent(), name.file_name()) {
        (Some(parent), Some(file)) => Some(folder.join(parent).join(language).join(file)),
        _ => None,
    };
    let new = (!name.is_absolute()).then(|| folder.join(language).join(name));
    let mut paths: Vec<PathBuf> = new.into_iter().chain(old).collect();
    paths.dedup();
    paths
}

/// Bytes of the dialplan as a path of this system. `None`: there can be no such file.
fn native(name: &[u8]) -> Option<PathBuf> {
    if name.contains(&0) {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
    }
    #[cfg(not(unix))]
    std::str::from_utf8(name).ok().map(PathBuf::from)
}

/// An opened prompt.
pub struct Prompt {
    sound: Sound,
    origin: String,
}

impl Prompt {
    /// The next 20 ms, the last one filled up with silence; `None` at the end. Reads a file in small pieces.
    pub fn frame(&mut self) -> Option<Frame> {
        self.sound.frame()
    }

    /// Where it comes from: a path, or `built-in` and its name.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prompt").field(&self.origin).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_cut_at_the_last_underline() {
        assert_eq!(languages(b"fr_CA_x"), ["fr_CA_x", "fr_CA", "fr", "", "en"]);
        assert_eq!(languages(b"en"), ["en", ""]);
        assert_eq!(languages(b""), ["", "en"]);
        assert_eq!(languages(b"../../etc"), ["", "en"]);
        assert_eq!(languages(b"f\xe9"), ["", "en"]);
        assert_eq!(languages(b"_"), ["_", "", "en"]);
    }

    #[test]
    fn both_layouts_are_searched() {
        let shown = |name: &str, language: &str| -> Vec<String> {
            layouts(Path::new("/s"), Path::new(name), language)
                .iter()
                .map(|p| p.display().to_string())
                .collect()
        };
        assert_eq!(
            shown("digits/1", "fr"),
            ["/s/fr/digits/1", "/s/digits/fr/1"]
        );
        assert_eq!(shown("hello", "fr"), ["/s/fr/hello"]);
        assert_eq!(shown("hello", ""), ["/s/hello"]);
        assert_eq!(shown("/a/b", "fr"), ["/a/fr/b"]);
    }

    #[test]
    fn every_builtin_prompt_is_speech_of_a_sensible_length() {
        let prompts = Prompts::of_folders(Vec::new());
        let mut all = 0;
        for name in Prompts::builtin() {
            let mut prompt = prompts.find(name.as_bytes(), b"de").unwrap();
            let frames: Vec<Frame> = std::iter::from_fn(|| prompt.frame()).collect();
            let loudest = frames
                .iter()
                .flatten()
                .map(|s| i32::from(*s).abs())
                .max()
                .unwrap();
            assert!(
                (10..500).contains(&frames.len()),
                "{name}: {} frames",
                frames.len()
            );
            assert!((4_000..33_000).contains(&loudest), "{name}: {loudest}");
            assert_eq!(prompt.origin(), format!("built-in {name}"));
            all += frames.len();
        }
        assert!(
            all * 160 < 400_000,
            "the program carries {} bytes of prompts",
            all * 160
        );
    }

    #[test]
    fn what_digits_and_the_examples_need_is_built_in() {
        let prompts = Prompts::of_folders(Vec::new());
        for name in [
            "invalid",
            "demo-echotest",
            "demo-echodone",
            "vm-goodbye",
            "beep",
            "hello",
            "transfer",
            "demo-abouttotry",
            "demo-nogo",
            "demo-thanks",
            "digits/star",
            "digits/pound",
            "digits/minus",
        ] {
            assert!(prompts.find(name.as_bytes(), b"").is_ok(), "{name}");
        }
        for number in (0..=20).chain([30, 40, 50, 60, 70, 80, 90]) {
            assert!(
                prompts
                    .find(format!("digits/{number}").as_bytes(), b"")
                    .is_ok(),
                "{number}"
            );
        }
    }

    #[test]
    fn silence_is_as_long_as_it_says() {
        let prompts = Prompts::of_folders(Vec::new());
        for (name, frames) in [
            ("silence/1", Some(50)),
            ("silence/10", Some(500)),
            ("silence/11", None),
            ("silence/01", None),
        ] {
            let found = prompts.find(name.as_bytes(), b"en").ok();
            let silence = found.map(|mut p| {
                std::iter::from_fn(|| p.frame())
                    .filter(|f| f.iter().all(|&s| s == 0))
                    .count()
            });
            assert_eq!(silence, frames, "{name}");
        }
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        let prompts = Prompts::of_folders(vec![PathBuf::from("/nowhere")]);
        for name in ["../x", "a/../../x", "..", "/etc/x", "./x", "/"] {
            assert_eq!(
                prompts.find(name.as_bytes(), b"").unwrap_err(),
                Missing::Outside,
                "{name}"
            );
        }
        let allowed = prompts.clone().allow_absolute(true);
        assert_eq!(
            allowed.find(b"/nowhere/x", b"").unwrap_err(),
            Missing::NotFound
        );
        for name in [&b"../x"[..], b"a/../../etc/x"] {
            assert_eq!(allowed.find(name, b"").unwrap_err(), Missing::Outside);
        }
        for name in [&b""[..], b"nosuch", b"a\0b", b"\xff\xfe", &[b'x'; 5_000]] {
            assert_eq!(
                prompts.find(name, b"fr_CA").unwrap_err(),
                Missing::NotFound,
                "{}",
                name.escape_ascii()
            );
        }
    }
}
