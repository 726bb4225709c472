//! Sound files on a real disk.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;
use strowger_runtime::prompts::{Missing, Prompt, Prompts};
use strowger_runtime::rtp::Codec;
use strowger_runtime::rtp::tone::measure;

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("strowger-prompts-{}-{n}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A file whose audio says who it is: 20 ms at this level, as linear samples.
    fn put(&self, path: &str, level: i16) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let samples = [level; 160];
        let bytes: Vec<u8> = match path.extension().unwrap().to_str().unwrap() {
            "ulaw" | "pcm" | "ul" | "mu" => samples.map(|s| Codec::Pcmu.encode(s)).into(),
            "alaw" | "al" => samples.map(|s| Codec::Pcma.encode(s)).into(),
            "sln" | "raw" => samples.iter().flat_map(|s| s.to_le_bytes()).collect(),
            "wav" => {
                wav(&path, 8_000, 1, 16, SampleFormat::Int, 160, |_| {
                    f64::from(level) / 32_768.0
                });
                return;
            }
            _ => b"whatever".to_vec(),
        };
        fs::write(path, bytes).unwrap();
    }

    fn prompts(&self) -> Prompts {
        Prompts::of_folders(vec![self.0.clone()])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wav(
    path: &Path,
    rate: u32,
    channels: u16,
    bits: u16,
    format: SampleFormat,
    frames: u32,
    at: impl Fn(u32) -> f64,
) {
    let spec = WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut file = WavWriter::create(path, spec).unwrap();
    for n in 0..frames {
        for _ in 0..channels {
            match format {
                SampleFormat::Float => file.write_sample(at(n) as f32).unwrap(),
                SampleFormat::Int => file
                    .write_sample((at(n) * 2_f64.powi(i32::from(bits) - 1)) as i32)
                    .unwrap(),
            }
        }
    }
    file.finalize().unwrap();
}

fn samples(mut prompt: Prompt) -> Vec<i16> {
    std::iter::from_fn(|| prompt.frame()).flatten().collect()
}

/// The level of what is found, rounded: who was it?
fn level(prompts: &Prompts, name: &str, language: &str) -> i16 {
    let found = samples(prompts.find(name.as_bytes(), language.as_bytes()).unwrap());
    (f32::from(found[80]) / 1_000.0).round() as i16
}

#[test]
fn languages_folders_and_layouts_in_order() {
    let (own, system) = (Folder::new(), Folder::new());
    let prompts = Prompts::of_folders(vec![own.0.clone(), system.0.clone()]);
    for (folder, path, who) in [
        (&own, "fr_CA/a.ulaw", 1),
        (&own, "fr/a.ulaw", 2),
        (&own, "a.ulaw", 3),
        (&own, "en/a.ulaw", 4),
        (&own, "fr/b.ulaw", 5),
        (&own, "c.ulaw", 6),
        (&own, "en/d.ulaw", 7),
        (&own, "digits/fr/1.ulaw", 8),
        (&system, "fr_CA/b.ulaw", 9),
        (&system, "fr/e.ulaw", 10),
        (&system, "en/invalid.ulaw", 11),
    ] {
        folder.put(path, who * 1_000);
    }
    let found = |name| level(&prompts, name, "fr_CA");
    assert_eq!(
        (found("a"), found("b"), found("c"), found("d")),
        (1, 5, 6, 7)
    );
    assert_eq!(
        (found("digits/1"), found("e"), found("invalid")),
        (8, 10, 11)
    );
    assert_eq!(level(&prompts, "a", "fr"), 2);
    assert_eq!(level(&prompts, "a", "de"), 3);
    assert_eq!(level(&prompts, "a", "en"), 4);
    assert_eq!(level(&prompts, "a", "../../x"), 3);
    assert!(
        prompts
            .find(b"digits/2", b"fr_CA")
            .unwrap()
            .origin()
            .starts_with("built-in")
    );
}

#[test]
fn every_readable_format_is_read_and_the_others_are_named() {
    let (readable, unreadable) = Prompts::formats();
    for extension in readable {
        let folder = Folder::new();
        folder.put(&format!("en/x.{extension}"), 5_000);
        assert_eq!(level(&folder.prompts(), "x", "en"), 5, "{extension}");
    }
    for extension in unreadable {
        let folder = Folder::new();
        folder.put(&format!("x.{extension}"), 5_000);
        let Err(Missing::Unreadable(why)) = folder.prompts().find(b"x", b"en") else {
            panic!("{extension}")
        };
        assert!(why[0].contains(&format!("x.{extension}")), "{why:?}");
    }
    let folder = Folder::new();
    folder.put("invalid.gsm", 1);
    folder.put("en/invalid.wav", 6_000);
    assert_eq!(
        level(&folder.prompts(), "invalid", "en"),
        6,
        "a file that we cannot read hides nothing"
    );
}

#[test]
fn wav_files_of_all_kinds_sound_the_same() {
    let folder = Folder::new();
    let kinds = [
        (8_000, 1, 16, SampleFormat::Int),
        (8_000, 2, 16, SampleFormat::Int),
        (8_000, 1, 8, SampleFormat::Int),
        (16_000, 1, 16, SampleFormat::Int),
        (44_100, 2, 24, SampleFormat::Int),
        (48_000, 1, 32, SampleFormat::Float),
    ];
    for (rate, channels, bits, format) in kinds {
        wav(
            &folder.0.join("t.wav"),
            rate,
            channels,
            bits,
            format,
            rate,
            |n| 0.3 * (std::f64::consts::TAU * 800.0 * f64::from(n) / f64::from(rate)).sin(),
        );
        let audio = samples(folder.prompts().find(b"t", b"").unwrap());
        assert!(
            audio.len().abs_diff(8_000) <= 160,
            "{rate}: {}",
            audio.len()
        );
        let heard = measure(&audio);
        assert!(
            (heard.hertz - 800.0).abs() <= 1.0 && heard.purity > 0.98,
            "{rate} {channels} {bits}: {heard:?}"
        );
        assert!(
            (heard.level + 10.5).abs() < 0.5,
            "{rate} {channels} {bits}: {heard:?}"
        );
    }
}

#[test]
fn a_file_that_is_no_wav_is_refused_with_a_reason() {
    let folder = Folder::new();
    for (bytes, reason) in [
        (&b""[..], "x.wav"),
        (b"RIFF", "x.wav"),
        (b"hello world, this is no audio", "RIFF"),
    ] {
        fs::write(folder.0.join("x.wav"), bytes).unwrap();
        let why = folder.prompts().find(b"x", b"").unwrap_err().to_string();
        assert!(why.contains(reason), "{why}");
    }
    wav(
        &folder.0.join("x.wav"),
        7_350,
        1,
        16,
        SampleFormat::Int,
        100,
        |_| 0.1,
    );
    assert!(
        folder
            .prompts()
            .find(b"x", b"")
            .unwrap_err()
            .to_string()
            .contains("7350 Hz")
    );
    fs::remove_file(folder.0.join("x.wav")).unwrap();
    fs::create_dir(folder.0.join("x.wav")).unwrap();
    assert_eq!(
        folder.prompts().find(b"x", b"").unwrap_err(),
        Missing::NotFound,
        "a folder is no file"
    );
}

#[test]
fn absolute_paths_only_if_allowed() {
    let folder = Folder::new();
    folder.put("secret.ulaw", 3_000);
    let path = folder.0.join("secret");
    let path = path.to_str().unwrap();
    let other = Folder::new();
    assert_eq!(
        other.prompts().find(path.as_bytes(), b"").unwrap_err(),
        Missing::Outside
    );
    assert_eq!(level(&other.prompts().allow_absolute(true), path, "fr"), 3);
}

#[test]
fn a_file_that_ends_within_a_frame_ends_in_silence() {
    let folder = Folder::new();
    fs::write(
        folder.0.join("x.alaw"),
        vec![Codec::Pcma.encode(9_000); 250],
    )
    .unwrap();
    let audio = samples(folder.prompts().find(b"x", b"").unwrap());
    assert_eq!(audio.len(), 320);
    assert!(audio[249] > 8_000 && audio[250..].iter().all(|&s| s == 0));
    fs::write(folder.0.join("y.ulaw"), b"").unwrap();
    assert!(samples(folder.prompts().find(b"y", b"").unwrap()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_wav_file_ends_somehow(changes in proptest::collection::vec((0_usize..60, any::<u8>()), 0..6), cut in 0_usize..400) {
        let folder = Folder::new();
        let path = folder.0.join("x.wav");
        wav(&path, 11_025, 2, 16, SampleFormat::Int, 80, |n| f64::from(n) / 100.0);
        let mut bytes = fs::read(&path).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(1));
        fs::write(&path, bytes).unwrap();
        if let Ok(mut prompt) = folder.prompts().find(b"x", b"") {
            prop_assert!(std::iter::from_fn(|| prompt.frame()).take(1_000).count() < 1_000);
        }
    }
}
