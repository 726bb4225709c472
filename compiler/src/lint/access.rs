//! Family `security`, as far as the device files tell: who may call and register without a proof.

use crate::conf::line::{Config, Section, boolean};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::peers::{Peers, list};

pub(crate) fn check(peers: &Peers, out: &mut Vec<Diagnostic>) {
    for section in peers.sip_sections() {
        device(section, out);
    }
    for section in peers.iax.iter().flat_map(Config::sections) {
        iax(section, out);
    }
    if let Some(sip) = &peers.sip
        && let Some(guest) = sip.value("general", "allowguest")
        && boolean(guest.text.bytes()) == Some(true)
    {
        out.push(
            Diagnostic::new("X817", "calls of strangers are accepted", guest.span())
                .label("anybody who can reach this exchange may call into the context of [general]")
                .help("write `allowguest=no`, unless that context is made for strangers"),
        );
    }
    endpoints(peers, out);
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn open_to_all(section: &Section) -> Diagnostic {
    let name = show(&section.name);
    Diagnostic::new(
        "X819",
        format!("anybody may register and call as `{name}`"),
        section.span,
    )
    .label("no `secret`, so nothing is asked")
    .help("add a `secret` to the section")
}

fn device(section: &Section, out: &mut Vec<Diagnostic>) {
    let name = show(&section.name);
    let dynamic = section
        .get("host")
        .is_some_and(|h| h.text.bytes().eq_ignore_ascii_case(b"dynamic"));
    let secret = section.get("secret").filter(|s| !s.text.is_empty());
    if dynamic && secret.is_none() && section.get("md5secret").is_none() {
        out.push(open_to_all(section));
    }
    if let Some(secret) = secret
        && secret.text.bytes().eq_ignore_ascii_case(&section.name)
    {
        out.push(
            Diagnostic::new(
                "X817",
                format!("the secret of `{name}` is its own name"),
                // Not the secret's own line: a terminal or a log would show it.
                section.span,
            )
            .label("the first one that is tried")
            .help("choose a long random secret"),
        );
    }
    if let Some(insecure) = section.get("insecure")
        && insecure.text.bytes().eq_ignore_ascii_case(b"very")
    {
        out.push(
            Diagnostic::new(
                "X817",
                format!("calls in the name of `{name}` are accepted without a secret"),
                insecure.span(),
            )
            .label("`very` asks for nothing, from any port"),
        );
    }
}

/// A device of iax.conf that registers from anywhere and proves nothing.
fn iax(section: &Section, out: &mut Vec<Diagnostic>) {
    const PROOFS: [&str; 6] = [
        "secret",
        "md5secret",
        "dbsecret",
        "inkeys",
        "auth",
        "permit",
    ];
    let is = |key: &str, value: &str| {
        section
            .get(key)
            .is_some_and(|v| v.text.bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    let calls = is("type", "friend") || is("type", "user");
    let proof = PROOFS
        .iter()
        .any(|key| section.get(key).is_some_and(|v| !v.text.is_empty()));
    if calls && is("host", "dynamic") && !proof {
        out.push(open_to_all(section));
    }
}

/// Endpoints of pjsip.conf that are asked for nothing although they register.
fn endpoints(peers: &Peers, out: &mut Vec<Diagnostic>) {
    let mut open: Vec<&Section> = Vec::new();
    for endpoint in peers.pjsip_objects("endpoint") {
        let name = show(&endpoint.name);
        let aors: Vec<&Section> = endpoint
            .get("aors")
            .into_iter()
            .flat_map(list)
            .filter_map(|a| peers.pjsip_object("aor", a.bytes()))
            .collect();
        let registers = aors.iter().any(|a| a.get("contact").is_none());
        let asked = endpoint.get("auth").is_some_and(|a| !a.text.is_empty());
        // Who writes an endpoint `anonymous` lets everybody in.
        let everybody = endpoint.name.starts_with(b"anonymous");
        if registers && !asked && !everybody {
            open.push(endpoint);
        }
        for key in ["auth", "outbound_auth"] {
            for object in endpoint.get(key).into_iter().flat_map(list) {
                if let Some(auth) = peers.pjsip_object("auth", object.bytes()) {
                    username(&name, auth, out);
                }
            }
        }
    }
    let (answering, plain): (Vec<&Section>, Vec<&Section>) = open
        .into_iter()
        .partition(|e| e.get("outbound_auth").is_some());
    out.extend(unasked(&answering));
    out.extend(unasked(&plain));
}

/// One finding for all endpoints that are asked for nothing, with a repair for those that name their proof the wrong way.
fn unasked(endpoints: &[&Section]) -> Option<Diagnostic> {
    let first = endpoints.first()?;
    let name = show(&first.name);
    let more = match endpoints.len() - 1 {
        0 => String::new(),
        1 => " and 1 more".to_owned(),
        n => format!(" and {n} more"),
    };
    let message = format!("anybody may register and call as `{name}`{more}");
    let keys: Vec<_> = endpoints
        .iter()
        .filter_map(|e| e.get("outbound_auth"))
        .collect();
    let mut found = match keys.first() {
        Some(key) => Diagnostic::new("X819", message, key.key.span())
            .label("this answers challenges of the far end; it asks for nothing"),
        None => Diagnostic::new("X819", message, first.span)
            .label("the endpoint has no `auth`, so nothing is asked"),
    };
    for (i, other) in endpoints.iter().enumerate().skip(1) {
        let span = keys.get(i).map_or(other.span, |k| k.key.span());
        found = found.also(span, format!("`{}` too", show(&other.name)));
    }
    if !keys.is_empty() {
        found.fixes.push(Fix {
            title: "write `auth`, which challenges what comes in".to_owned(),
            edits: keys
                .iter()
                .map(|k| Edit {
                    span: k.key.span(),
                    text: b"auth".to_vec(),
                })
                .collect(),
            safe: false,
        });
    }
    Some(found)
}

/// An auth section made for a numbered endpoint, with another number in it.
fn username(endpoint: &str, auth: &Section, out: &mut Vec<Diagnostic>) {
    let Some(value) = auth.get("username") else {
        return;
    };
    let user = value.text.lossy().into_owned();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let own = show(&auth.name)
        .strip_prefix(endpoint)
        .is_some_and(|rest| rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_digit()));
    if own && digits(endpoint) && digits(&user) && user != endpoint {
        out.push(
            Diagnostic::new(
                "C016",
                format!(
                    "`{}` is made for `{endpoint}` but has the user name `{user}`",
                    show(&auth.name)
                ),
                value.text.span(),
            )
            .label("a phone that calls itself by its own number does not pass")
            .fix(
                format!("write `{endpoint}`"),
                value.text.span(),
                endpoint,
                false,
            ),
        );
    }
}
