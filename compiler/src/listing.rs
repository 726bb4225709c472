//! What lies in a folder that nothing is read of: the prompts, the scripts. The caller lists it; the checks ask for names.

use std::collections::HashSet;

/// A folder whose names are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Folder {
    /// Prompts: `en/demo-congrats.gsm`.
    Sounds,
    /// Programs that AGI runs.
    Scripts,
}

/// Most names of one folder; a longer one counts as not listed.
pub const NAMES: usize = 200_000;

/// The names in a folder and in the folders below it.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The folder, as absolute names begin.
    root: String,
    /// Paths below it, as they are.
    files: HashSet<String>,
    /// The same without their endings.
    stems: HashSet<String>,
    /// The same without the first folder or the last one, which may be a language's.
    spoken: HashSet<String>,
}

impl Listing {
    /// The folder `root` with these paths of files, relative to it.
    pub fn new(root: &str, paths: impl IntoIterator<Item = String>) -> Listing {
        let mut listing = Listing {
            root: root.trim_end_matches('/').to_owned(),
            ..Listing::default()
        };
        for path in paths {
            let name = path.rfind('/').map_or(0, |slash| slash + 1);
            let stem = match path[name..].rfind('.') {
                Some(dot) if dot > 0 => &path[..name + dot],
                _ => &path,
            };
            if let Some((_, rest)) = stem.split_once('/') {
                listing.spoken.insert(rest.to_owned());
            }
            if let Some((folders, file)) = stem.rsplit_once('/')
                && let Some((before, _)) = folders.rsplit_once('/')
            {
                listing.spoken.insert(format!("{before}/{file}"));
            }
            listing.stems.insert(stem.to_owned());
            listing.files.insert(path);
        }
        listing
    }

    /// A name below the folder: absolute ones that lead there lose its path. None for one that leads elsewhere.
    pub fn below<'a>(&self, name: &'a str) -> Option<&'a str> {
        if !name.starts_with('/') {
            return Some(name);
        }
        let rest = name.strip_prefix(self.root.as_str())?;
        rest.strip_prefix('/')
            .filter(|_| self.root.starts_with('/'))
    }

    /// Whether there is a file of exactly this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.files.contains(name)
    }

    /// Whether there is a file of this name with any ending, in the folder of any language.
    pub fn has_prompt(&self, name: &str) -> bool {
        self.stems.contains(name) || self.spoken.contains(name)
    }

    /// Whether there is a file of exactly this name but for its ending.
    pub fn has_stem(&self, name: &str) -> bool {
        self.stems.contains(name)
    }

    /// All names of files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// All names of prompts, with and without their languages.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.stems.iter().chain(&self.spoken).map(String::as_str)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_found_in_every_language() {
        let listing = Listing::new(
            "/var/sounds",
            ["en/a.gsm", "digits/fr/1.wav", "b.old.wav", "c"].map(str::to_owned),
        );
        for name in ["a", "en/a", "digits/1", "b.old", "c"] {
            assert!(listing.has_prompt(name), "{name}");
        }
        assert!(!listing.has_prompt("b") && !listing.has_prompt("en"));
        assert!(listing.has_file("en/a.gsm") && !listing.has_file("a.gsm"));
        assert_eq!(listing.below("/var/sounds/en/a"), Some("en/a"));
        assert_eq!(listing.below("/var/soundsen/a"), None);
        assert_eq!(listing.below("a"), Some("a"));
    }
}
