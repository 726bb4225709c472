//! What is seen without running anything: ways of strangers to paid lines (P003), loops without an end (P001), prompts (P004).

use std::collections::{BTreeMap, BTreeSet};

use strowger_compiler::hir::{Hir, Step};
use strowger_compiler::listing::{Folder, Listing};
use strowger_compiler::{Diagnostic, Level, Sources, Text, codes};

use super::marks::Mark;
use super::property::Property;
use crate::check::loudness::Loudness;
use crate::load;

/// Findings of one property that are told.
const TOLD: usize = 200;

/// What `check` proves, by the names of the properties. `strangers`: contexts into which they call.
pub(crate) fn proven(
    sources: &Sources,
    plan: &str,
    wanted: &[Property],
    strangers: &[Vec<u8>],
) -> Vec<Mark> {
    let asked = load::Asked {
        loudness: Some(Loudness::default()),
        ..load::Asked::default()
    };
    let (found, _) = load::check(sources, plan, &asked);
    let mut out = Vec::new();
    for mut finding in strowger_compiler::gather(found) {
        let property = codes::property_of(finding.code)
            .and_then(|code| wanted.iter().find(|p| p.code() == code));
        let Some(property) = property else {
            continue;
        };
        let code = finding.code;
        finding.helps.push(format!("check tells it as {code}"));
        finding.code = property.code();
        finding.fixes.clear();
        out.push(match property {
            Property::P003 => Mark::dials(finding, sources, strangers),
            _ => Mark::plain(finding),
        });
    }
    out.truncate(TOLD);
    out
}

/// Prompts that are missing in a language in use. `None`: nobody said where prompts lie.
/// `spoken`: languages of devices, by the context in which they call.
pub(crate) fn prompts(
    hir: &Hir,
    sources: &Sources,
    spoken: &[(Vec<u8>, String)],
) -> Option<Vec<Mark>> {
    let listing = sources.listing(Folder::Sounds)?;
    let languages = languages(hir, spoken);
    let mut missing: BTreeMap<String, (Diagnostic, BTreeSet<String>)> = BTreeMap::new();
    for (step, name) in hir
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
        .flat_map(|step| names(step).into_iter().map(move |name| (step, name)))
    {
        let text = name.lossy().into_owned();
        for language in languages.iter().filter(|l| !has(listing, l, &text)) {
            let entry = missing.entry(text.clone()).or_insert_with(|| {
                let found = Diagnostic::new("P004", String::new(), name.span())
                    .label(format!("{} plays it", step.app.trimmed().lossy()));
                (found, BTreeSet::new())
            });
            entry.1.insert(language.clone());
        }
    }
    let told = missing.into_iter().take(TOLD);
    let told = told.map(|(name, (mut found, languages))| {
        let list: Vec<&str> = languages.iter().map(String::as_str).collect();
        found.message = format!("the prompt {name} is missing in {}", list.join(", "));
        found.level = Level::Warn;
        let found = found.help("callers of that language hear nothing there, or another language");
        Mark::plays(found, &name, languages, spoken)
    });
    Some(told.collect())
}

/// The languages that the plan or a device sets; English if none does.
fn languages(hir: &Hir, spoken: &[(Vec<u8>, String)]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = spoken
        .iter()
        .map(|(_, language)| language.clone())
        .filter(|language| !language.is_empty())
        .collect();
    let key = b"CHANNEL(language)=";
    let steps = hir.contexts.iter().flat_map(|c| &c.extensions);
    for step in steps.flat_map(|e| &e.steps) {
        let args = step.args.bytes();
        for at in 0..args.len() {
            if let Some(rest) = args[at..].strip_prefix(key) {
                let end = rest
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && !b"_-".contains(b));
                let name = &rest[..end.unwrap_or(rest.len())];
                if !name.is_empty() {
                    all.insert(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
    }
    if spoken.iter().any(|(_, language)| language.is_empty()) || all.is_empty() {
        all.insert("en".to_owned());
    }
    all
}

/// The prompts that a step names as they are.
fn names(step: &Step) -> Vec<Text> {
    let app = step.app.trimmed().bytes().to_ascii_lowercase();
    if !matches!(
        app.as_slice(),
        b"playback" | b"background" | b"backgrounddetect" | b"controlplayback"
    ) {
        return Vec::new();
    }
    let bytes = step.args.bytes();
    let end = bytes.iter().position(|b| *b == b',');
    let mut from = 0;
    let mut out = Vec::new();
    let list = &bytes[..end.unwrap_or(bytes.len())];
    for part in list.split(|b| *b == b'&') {
        let name = step.args.slice(from..from + part.len()).trimmed();
        let plain = !name.is_empty() && !name.bytes().contains(&b'$');
        // An address is fetched, not looked for.
        if plain && !name.bytes().windows(3).any(|w| w == b"://") {
            out.push(name);
        }
        from += part.len() + 1;
    }
    out
}

/// Whether a prompt is there in a language: `fr/x`, `fr_CA` also in `fr`, `digits/1` also as `digits/fr/1`.
fn has(listing: &Listing, language: &str, name: &str) -> bool {
    let Some(name) = listing.below(name) else {
        return true;
    };
    let stems = |language: &str| {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let inner = match folder {
            "" => format!("{language}/{file}"),
            folder => format!("{folder}/{language}/{file}"),
        };
        [format!("{language}/{name}"), inner]
    };
    let broad = language.split(['_', '-']).next().unwrap_or(language);
    let mut names = stems(language).into_iter().chain(stems(broad));
    names.any(|stem| listing.has_stem(&stem)) || listing.has_stem(name)
}
