//! An auth of pjsip.conf that holds the name of another endpoint (C016).

use std::collections::{HashMap, HashSet};

use crate::conf::line::Section;
use crate::diagnostic::Diagnostic;
use crate::peers::{Peers, list};

use super::show;

pub(super) fn check(peers: &Peers, out: &mut Vec<Diagnostic>) {
    let auths: HashMap<&[u8], &Section> = peers
        .pjsip_objects("auth")
        .map(|a| (a.name.as_slice(), a))
        .collect();
    // Who answers with which auth.
    let mut users: HashMap<Vec<u8>, Vec<&Section>> = HashMap::new();
    let mut endpoints: HashSet<&[u8]> = HashSet::new();
    for endpoint in peers.pjsip_objects("endpoint") {
        endpoints.insert(&endpoint.name);
        for auth in endpoint.get("auth").into_iter().flat_map(list) {
            users
                .entry(auth.bytes().to_vec())
                .or_default()
                .push(endpoint);
        }
    }
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by_key(|(_, users)| users[0].span.start);
    for (auth, users) in users {
        let Some(value) = auths.get(auth.as_slice()).and_then(|a| a.get("username")) else {
            continue;
        };
        let user = value.text.bytes();
        let [endpoint] = users.as_slice() else {
            continue;
        };
        // Numbers in an auth that is named after its endpoint are told already.
        let digits = |s: &[u8]| !s.is_empty() && s.iter().all(u8::is_ascii_digit);
        let told = auth.starts_with(&endpoint.name) && digits(&endpoint.name) && digits(user);
        if user == endpoint.name || !endpoints.contains(user) || told {
            continue;
        }
        let (name, shown) = (show(&endpoint.name), show(user));
        out.push(
            Diagnostic::new(
                "C016",
                format!("`{name}` is asked for the user name of `{shown}`"),
                value.text.span(),
            )
            .label(format!("a phone that calls itself `{name}` does not pass"))
            .also(endpoint.span, "this endpoint is asked by it")
            .fix(format!("write `{name}`"), value.text.span(), name, false),
        );
    }
}
