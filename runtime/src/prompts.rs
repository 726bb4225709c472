//! Sound files: found as Asterisk finds them (DL-315 to DL-317), read as 20 ms frames.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::rtp::{Codec, FRAME, Frame};

/// Where prompts are looked for.
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
    /// It is there, but in formats that we cannot read.
    Unreadable(Vec<String>),
    /// The name leads out of the sound folders.
    Outside,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::NotFound => f.write_str("no such sound file in any folder or language"),
            Missing::Unreadable(why) => write!(f, "found, but not readable: {}", why.join(", ")),
            Missing::Outside => f.write_str("the name leads out of the sound folders"),
        }
    }
}

impl std::error::Error for Missing {}

impl Prompts {
    /// Prompts of a configured sounds folder, then of `/usr/share/asterisk/sounds`, then the built-in ones.
    pub fn new(sounds: Option<&Path>) -> Prompts {
        let system = PathBuf::from("/usr/share/asterisk/sounds");
        Prompts {
            folders: sounds
                .map(Path::to_path_buf)
                .into_iter()
                .chain([system])
                .collect(),
            absolute: false,
        }
    }

    /// Lets the dialplan name files outside the sound folders by absolute path.
    pub fn allow_absolute(mut self, yes: bool) -> Prompts {
        self.absolute = yes;
        self
    }

    /// Finds and opens a prompt. `name` has no extension and comes from the dialplan; `language` is the channel's.
    ///
    /// # Errors
    /// [`Missing`] says why there is nothing to play.
    pub fn find(&self, name: &[u8], _language: &[u8]) -> Result<Prompt, Missing> {
        let name = std::str::from_utf8(name).map_err(|_| Missing::NotFound)?;
        if name.split('/').any(|part| part == "..") || (name.starts_with('/') && !self.absolute) {
            return Err(Missing::Outside);
        }
        for folder in &self.folders {
            for (extension, codec) in [("ulaw", Codec::Pcmu), ("alaw", Codec::Pcma)] {
                if let Ok(file) = File::open(folder.join(format!("{name}.{extension}"))) {
                    return Ok(Prompt {
                        file: BufReader::new(file),
                        codec,
                    });
                }
            }
        }
        Err(Missing::NotFound)
    }
}

/// An opened prompt.
#[derive(Debug)]
pub struct Prompt {
    file: BufReader<File>,
    codec: Codec,
}

impl Prompt {
    /// The next 20 ms, the last one filled up with silence; `None` at the end.
    pub fn frame(&mut self) -> Option<Frame> {
        let mut bytes = Vec::with_capacity(FRAME);
        self.file
            .by_ref()
            .take(FRAME as u64)
            .read_to_end(&mut bytes)
            .ok()?;
        if bytes.is_empty() {
            return None;
        }
        let mut frame = [0; FRAME];
        for (sample, byte) in frame.iter_mut().zip(bytes) {
            *sample = self.codec.decode(byte);
        }
        Some(frame)
    }
}
