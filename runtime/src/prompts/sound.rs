//! Audio files as Asterisk names them, read as frames.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader};

use super::resample::Resampler;
use crate::rtp::{Codec, FRAME, Frame, RATE};

/// Extensions that we read, the cheapest first (DL-315).
pub(super) const READABLE: &[&str] =
    &["ulaw", "pcm", "ul", "mu", "alaw", "al", "sln", "raw", "wav"];
/// Extensions that Asterisk plays and we do not.
pub(super) const UNREADABLE: &[&str] = &[
    "gsm", "g722", "WAV", "wav49", "g729", "g723", "g723sf", "g726-40", "g726-32", "g726-24",
    "g726-16", "g719", "siren7", "siren14", "ilbc", "adpcm", "vox", "sln12", "sln16", "sln24",
    "sln32", "sln44", "sln48", "sln96", "sln192", "ogg", "opus", "mp3",
];

/// An open file.
pub(super) struct Sound {
    source: Source,
}

enum Source {
    /// One byte per sample.
    Law(Codec, Box<dyn Read + Send>),
    /// 16 bit, little-endian.
    Linear(BufReader<File>),
    Wav(Box<Wav>),
}

impl Sound {
    /// Opens the first readable file of this path without extension. `None`: there is none at all.
    ///
    /// # Errors
    /// The files that are there and cannot be read, each with the reason.
    pub(super) fn open(base: &Path) -> Result<Option<(Sound, PathBuf)>, Vec<String>> {
        let mut unreadable = Vec::new();
        for extension in READABLE {
            let path = with_extension(base, extension);
            // A pipe or a device would hang the reader.
            if !path.is_file() {
                continue;
            }
            match Source::open(&path, extension) {
                Ok(source) => return Ok(Some((Sound { source }, path))),
                Err(why) => unreadable.push(format!("{}: {why}", path.display())),
            }
        }
        for extension in UNREADABLE {
            let path = with_extension(base, extension);
            if path.is_file() {
                unreadable.push(format!("{}: no decoder for this format", path.display()));
            }
        }
        if unreadable.is_empty() {
            Ok(None)
        } else {
            Err(unreadable)
        }
    }

    /// µ-law in memory.
    pub(super) fn builtin(bytes: &'static [u8]) -> Sound {
        Sound {
            source: Source::Law(Codec::Pcmu, Box::new(bytes)),
        }
    }

    /// Seconds of nothing.
    pub(super) fn silence(seconds: u64) -> Sound {
        let nothing = std::io::repeat(Codec::Pcmu.encode(0)).take(seconds * u64::from(RATE));
        Sound {
            source: Source::Law(Codec::Pcmu, Box::new(nothing)),
        }
    }

    /// The next 20 ms; `None` at the end, or when the file cannot be read further.
    pub(super) fn frame(&mut self) -> Option<Frame> {
        let mut frame = [0; FRAME];
        let filled = match &mut self.source {
            Source::Law(codec, file) => {
                let mut bytes = [0; FRAME];
                let length = fill(file, &mut bytes);
                frame
                    .iter_mut()
                    .zip(&bytes[..length])
                    .for_each(|(sample, &byte)| *sample = codec.decode(byte));
                length
            }
            Source::Linear(file) => {
                let mut bytes = [0; FRAME * 2];
                let length = fill(file, &mut bytes);
                for (sample, pair) in frame.iter_mut().zip(bytes[..length].chunks_exact(2)) {
                    *sample = i16::from_le_bytes([pair[0], pair[1]]);
                }
                length / 2
            }
            Source::Wav(wav) => {
                let mut length = 0;
                for (slot, sample) in frame.iter_mut().zip(std::iter::from_fn(|| wav.sample())) {
                    *slot = sample;
                    length += 1;
                }
                length
            }
        };
        (filled > 0).then_some(frame)
    }
}

/// `base` may have dots of its own: the extension is added, not replaced.
fn with_extension(base: &Path, extension: &str) -> PathBuf {
    let mut path = base.as_os_str().to_os_string();
    path.push(".");
    path.push(extension);
    PathBuf::from(path)
}

/// Reads until the buffer is full or the file ends; an error is an end.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> usize {
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    length
}

impl Source {
    fn open(path: &Path, extension: &str) -> Result<Source, String> {
        let file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
        Ok(match extension {
            "wav" => Source::Wav(Box::new(Wav::open(file)?)),
            "sln" | "raw" => Source::Linear(file),
            "alaw" | "al" => Source::Law(Codec::Pcma, Box::new(file)),
            _ => Source::Law(Codec::Pcmu, Box::new(file)),
        })
    }
}

/// A WAV file of linear samples, at 8 kHz by the time it is read.
struct Wav {
    file: WavReader<BufReader<File>>,
    channels: u16,
    float: bool,
    /// Brings a sample to 16 bit.
    scale: f32,
    resampler: Option<Resampler>,
}

impl Wav {
    fn open(file: BufReader<File>) -> Result<Wav, String> {
        let file = WavReader::new(file).map_err(|error| error.to_string())?;
        let spec = file.spec();
        let resampler = match spec.sample_rate {
            8_000 => None,
            rate => Some(
                Resampler::new(rate)
                    .ok_or_else(|| format!("a sampling rate of {rate} Hz; 8000 Hz is best"))?,
            ),
        };
        if !(1..=8).contains(&spec.channels) {
            return Err(format!("{} channels", spec.channels));
        }
        let float = spec.sample_format == SampleFormat::Float;
        let scale = if float {
            f32::from(i16::MAX)
        } else {
            2_f32.powi(16 - i32::from(spec.bits_per_sample))
        };
        Ok(Wav {
            file,
            channels: spec.channels,
            float,
            scale,
            resampler,
        })
    }

    fn sample(&mut self) -> Option<i16> {
        let Wav {
            file,
            channels,
            float,
            scale,
            resampler,
        } = self;
        let mut mixed = || -> Option<f32> {
            let mut sum = 0.0;
            for _ in 0..*channels {
                sum += if *float {
                    file.samples::<f32>()
                        .next()?
                        .ok()
                        .filter(|s| s.is_finite())?
                } else {
                    file.samples::<i32>().next()?.ok()? as f32
                };
            }
            Some(sum * *scale / f32::from(*channels))
        };
        match resampler {
            Some(resampler) => resampler.next(mixed),
            None => mixed().map(|s| s.clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16),
        }
    }
}
