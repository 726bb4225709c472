//! What the language itself brings: devices, trunks, hours, what makes text safe, and the doors to Asterisk's own text.

use strowger_dial::tree::{self, Arg, At, Name};

use super::{Checker, constant_text};
use crate::dial::hours;
use crate::dial::notes::Fact;
use crate::dial::numbers;
use crate::dial::typed::{Block, Expr, ExprKind, Stmt, StmtKind, TextPart};
use crate::dial::types::Type;
use crate::hir::Device;
use crate::peers::Tech;
use crate::source::{Span, Text};

impl Checker<'_> {
    pub(super) fn constructor(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let text = |n: &'static str| (n, Type::Str);
        match &*name.text {
            "pjsip" | "sip" => {
                let tech = if &*name.text == "sip" {
                    Tech::Sip
                } else {
                    Tech::Pjsip
                };
                self.note_device(tech, args);
                // A device that was looked up is one already.
                if let [Arg { name: None, value }] = args {
                    let looked = self.expr(value, Some(&Type::Str));
                    if looked.ty == Type::Endpoint {
                        return looked;
                    }
                    let fitted = self.fit_device(looked, &Type::Str);
                    return self.device(at, &name.text.to_ascii_uppercase(), fitted, None);
                }
                let given = self.arguments(at, name, args, &[text("name")], &[("at", Type::Host)]);
                match given.as_deref() {
                    Some([Some(user), host]) => {
                        let tech = name.text.to_ascii_uppercase();
                        self.device(at, &tech, user.clone(), host.clone())
                    }
                    _ => self.wrong(at),
                }
            }
            "iax2" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[text("name")],
                    &[text("exten"), text("context")],
                );
                let Some([Some(peer), exten, context]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let mut parts = vec![
                    TextPart::Plain("IAX2/".to_owned()),
                    TextPart::Value(peer.clone()),
                ];
                if let Some(exten) = exten {
                    parts.push(TextPart::Plain("/".to_owned()));
                    parts.push(TextPart::Value(exten.clone()));
                }
                if let Some(context) = context {
                    parts.push(TextPart::Plain("@".to_owned()));
                    parts.push(TextPart::Value(context.clone()));
                }
                self.made(at, Type::Endpoint, ExprKind::Text(parts))
            }
            "local" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[text("exten"), text("context")],
                    &[text("options")],
                );
                let Some([Some(exten), Some(context), options]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let mut parts = vec![
                    TextPart::Plain("Local/".to_owned()),
                    TextPart::Value(exten.clone()),
                    TextPart::Plain("@".to_owned()),
                    TextPart::Value(context.clone()),
                ];
                if let Some(options) = options {
                    parts.push(TextPart::Plain("/".to_owned()));
                    parts.push(TextPart::Value(options.clone()));
                }
                self.made(at, Type::Endpoint, ExprKind::Text(parts))
            }
            "device" => self.one_text(at, name, args, Type::Str, Type::Endpoint),
            "prompt" => self.one_text(at, name, args, Type::Prompt, Type::Prompt),
            "service" => self.one_text(at, name, args, Type::Str, Type::Uri),
            "uri" => self.one_text(at, name, args, Type::Raw, Type::Uri),
            "sip_uri" => {
                let user = self.one_text(at, name, args, Type::Raw, Type::Uri);
                if user.ty == Type::Wrong {
                    return user;
                }
                let parts = vec![TextPart::Plain("sip:".to_owned()), TextPart::Value(user)];
                self.made(at, Type::Uri, ExprKind::Text(parts))
            }
            "mailbox" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[("number", Type::Mailbox)],
                    &[("context", Type::Str)],
                );
                match given.as_deref() {
                    Some([Some(number), None]) => number.clone(),
                    Some([Some(number), Some(context)]) => {
                        let parts = vec![
                            TextPart::Value(number.clone()),
                            TextPart::Plain("@".to_owned()),
                            TextPart::Value(context.clone()),
                        ];
                        self.made(at, Type::Mailbox, ExprKind::Text(parts))
                    }
                    _ => self.wrong(at),
                }
            }
            "trunk" => {
                self.note_device(Tech::Pjsip, args);
                let given = self.arguments(at, name, args, &[text("name")], &[text("via")]);
                let Some([Some(peer), via]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let via = via.as_ref().map_or(Some("PJSIP".to_owned()), constant_text);
                match (constant_text(peer), via) {
                    (Some(peer), Some(via)) => self.plain(at, Type::Trunk, format!("{via}/{peer}")),
                    _ => {
                        self.not_constant(at, "a trunk");
                        self.wrong(at)
                    }
                }
            }
            _ => self.hours(at, name, args),
        }
    }

    /// Notes the name of a device that is written out.
    fn note_device(&mut self, tech: Tech, args: &[Arg]) {
        let [first, ..] = args else {
            return;
        };
        let text = match &*first.value.kind {
            tree::ExprKind::Text(parts) => match parts.as_slice() {
                [tree::TextPart::Text(text)] => text.to_string(),
                _ => return,
            },
            tree::ExprKind::Raw(text) => text.to_string(),
            _ => return,
        };
        let at = first.value.at;
        if (at.end - at.start) as usize == text.len() + 2 {
            let inner = Span {
                start: at.start + 1,
                end: at.end - 1,
                ..self.span(at)
            };
            self.devices.entry(inner).or_insert_with(|| Device {
                tech,
                name: Text::new(text.as_bytes(), inner),
                in_test: false,
            });
            self.note_inside(at, |_| Fact::Device(tech, text));
        }
    }

    /// Text of which a device's name is made.
    pub(super) fn fit_device(&mut self, e: Expr, want: &Type) -> Expr {
        if matches!(e.ty, Type::Raw | Type::Uri) {
            self.tainted(&e, &Type::Endpoint);
            let at = e.place.at;
            return self.wrong(at);
        }
        self.fit(e, want)
    }

    pub(super) fn device(&mut self, at: At, tech: &str, user: Expr, host: Option<Expr>) -> Expr {
        if user.ty == Type::Wrong {
            return user;
        }
        if let Some(text) = constant_text(&user)
            && let Some(bad) = text.chars().find(|c| "&,|()".contains(*c))
        {
            self.tell(
                self.error(
                    "D410",
                    user.place.at,
                    format!("no device has {bad:?} in its name"),
                )
                .help("several devices are a list: [pjsip(\"61\"), pjsip(\"62\")]"),
            );
            return self.wrong(at);
        }
        let mut parts = vec![TextPart::Plain(format!("{tech}/")), TextPart::Value(user)];
        if let Some(host) = host {
            parts.push(TextPart::Plain("@".to_owned()));
            parts.push(TextPart::Value(host));
        }
        self.made(at, Type::Endpoint, ExprKind::Text(parts))
    }

    /// A call with one text, which is the value in another type.
    pub(super) fn one_text(
        &mut self,
        at: At,
        name: &Name,
        args: &[Arg],
        takes: Type,
        gives: Type,
    ) -> Expr {
        match self.arguments(at, name, args, &[("text", takes)], &[]) {
            Some(given) => match given.into_iter().next().flatten() {
                Some(text) => Expr {
                    ty: gives,
                    place: self.place(at),
                    ..text
                },
                None => self.wrong(at),
            },
            None => self.wrong(at),
        }
    }

    pub(super) fn hours(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let given = self.arguments(
            at,
            name,
            args,
            &[("hours", Type::Str)],
            &[("zone", Type::Str)],
        );
        let Some([Some(text), zone]) = given.as_deref() else {
            return self.wrong(at);
        };
        let zone = zone.as_ref().map(constant_text);
        let (Some(text), None | Some(Some(_))) = (constant_text(text), &zone) else {
            self.not_constant(at, "hours");
            return self.wrong(at);
        };
        match hours::read(&text, zone.flatten().as_deref()) {
            Ok(times) => {
                let items = times
                    .into_iter()
                    .map(|t| self.plain(at, Type::Str, t))
                    .collect();
                self.made(at, Type::Hours, ExprKind::List(items))
            }
            Err(trouble) => {
                let message = match trouble {
                    hours::Trouble::Empty => "nothing stands between two commas".to_owned(),
                    hours::Trouble::Word(word) => format!("`{word}` is no time, day or date"),
                    hours::Trouble::Twice(word) => {
                        format!("`{word}` is a second one of its kind; parts are parted by commas")
                    }
                };
                let at = args.first().map_or(at, |a| a.value.at);
                self.tell(
                    self.error("D409", at, message).help(
                        "hours are written \"mon-fri 09:00-17:30, sat 10:00-12:00, 24-26 dec\"",
                    ),
                );
                self.wrong(at)
            }
        }
    }

    /// `join(a, b)`: the text "{a}{b}", where no text in double quotes can stand.
    pub(super) fn join_texts(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let named = args.iter().find_map(|a| a.name.as_ref());
        if args.is_empty() || named.is_some() {
            let at = named.map_or(at, |n| n.at);
            self.tell(
                self.error(
                    "D403",
                    at,
                    format!("`{}` takes texts without names", name.text),
                )
                .help("for example join('a/', x)"),
            );
            return self.wrong(at);
        }
        let holes = args.iter().map(|a| tree::TextPart::Hole(a.value.clone()));
        let parts: Vec<tree::TextPart> = holes.collect();
        self.text(at, &parts)
    }

    pub(super) fn keep(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let given = self.arguments(
            at,
            name,
            args,
            &[("text", Type::Raw), ("characters", Type::Str)],
            &[],
        );
        let Some([Some(of), Some(characters)]) = given.as_deref() else {
            return self.wrong(at);
        };
        match constant_text(characters) {
            Some(kept)
                if !kept.is_empty()
                    && !kept.contains([',', '$', '{', '}', '"', '\\', '(', ')']) =>
            {
                let plain = kept.bytes().all(|b| numbers::is_digit(b) || b == b'-')
                    && !kept.contains("A-Z");
                let digits = plain && spans(&kept).all(numbers::is_digit);
                let ty = if digits { Type::Digits } else { Type::Str };
                self.made(at, ty, ExprKind::Keep(of.clone(), kept))
            }
            _ => {
                self.tell(
                    self.error("D315", characters.place.at, "which characters are kept is a plain text")
                        .help("for example \"0-9a-zA-Z\"; quotes, commas, brackets and `$` cannot be kept"),
                );
                self.wrong(at)
            }
        }
    }

    /// `int(x)`: Option(Int).
    pub(super) fn int(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let Some(given) = self.arguments(at, name, args, &[("text", Type::Raw)], &[]) else {
            return self.wrong(at);
        };
        let Some(text) = given.into_iter().next().flatten() else {
            return self.wrong(at);
        };
        let local = self.hidden("number", Type::Raw);
        let read = self.made(at, Type::Raw, ExprKind::Local(local));
        let is = self.made(
            at,
            Type::Bool,
            ExprKind::InPattern(read, "^-?[0-9]{1,18}$".to_owned()),
        );
        let ty = Type::Option(Box::new(Type::Int));
        let read = self.made(at, Type::Int, ExprKind::Local(local));
        let just = self.made(at, ty.clone(), ExprKind::Just(read));
        let nothing = self.made(at, ty.clone(), ExprKind::Nothing);
        self.with_local(at, ty, local, text, is, just, nothing)
    }

    /// `{ local = value; if condition { yes } else { no } }`.
    #[expect(clippy::too_many_arguments)] // one shape, used twice
    pub(super) fn with_local(
        &self,
        at: At,
        ty: Type,
        local: crate::dial::typed::LocalId,
        value: Expr,
        condition: Expr,
        yes: Expr,
        no: Expr,
    ) -> Expr {
        let block = |e: Expr| Block {
            stmts: Vec::new(),
            value: Some(e),
            ends: true,
        };
        let chosen = self.made(
            at,
            ty.clone(),
            ExprKind::If(condition, block(yes), Some(block(no))),
        );
        let set = Stmt {
            place: self.place(at),
            kind: StmtKind::Set(local, value),
        };
        self.made(
            at,
            ty,
            ExprKind::Block(Block {
                stmts: vec![set],
                value: Some(chosen),
                ends: true,
            }),
        )
    }

    /// `peers.find(x)`: a device of pjsip.conf, by its name. It is looked up, not built.
    pub(super) fn find_peer(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if self.pure_only(at, "`peers.find`") {
            return self.wrong(at);
        }
        let Some(given) = self.arguments(at, name, args, &[("name", Type::Raw)], &[]) else {
            return self.wrong(at);
        };
        let Some(text) = given.into_iter().next().flatten() else {
            return self.wrong(at);
        };
        let local = self.hidden("peer", Type::Raw);
        // What an endpoint's name can be, and nothing that an argument list or a dial string would obey.
        let named = self.made(
            at,
            Type::Bool,
            ExprKind::InPattern(
                self.made(at, Type::Raw, ExprKind::Local(local)),
                "^[0-9A-Za-z_.+*#-]+$".to_owned(),
            ),
        );
        let aors = self.made(
            at,
            Type::Option(Box::new(Type::Str)),
            ExprKind::Text(vec![
                TextPart::Asterisk("${PJSIP_ENDPOINT(".to_owned()),
                TextPart::Value(self.made(at, Type::Raw, ExprKind::Local(local))),
                TextPart::Asterisk(",aors)}".to_owned()),
            ]),
        );
        let known = self.made(at, Type::Bool, ExprKind::IsSome(aors));
        let both = self.made(at, Type::Bool, ExprKind::Both(named, known));
        let device = self.made(
            at,
            Type::Endpoint,
            ExprKind::Text(vec![
                TextPart::Plain("PJSIP/".to_owned()),
                TextPart::Value(self.made(at, Type::Str, ExprKind::Local(local))),
            ]),
        );
        let ty = Type::Option(Box::new(Type::Endpoint));
        let just = self.made(at, ty.clone(), ExprKind::Just(device));
        let nothing = self.made(at, ty.clone(), ExprKind::Nothing);
        self.with_local(at, ty, local, text, both, just, nothing)
    }

    pub(super) fn unchecked(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let made = self.one_text(at, name, args, Type::Raw, Type::Str);
        if made.ty != Type::Wrong && !self.around.unchecked {
            self.tell(
                self.error("D406", at, "text from outside is used unlooked at")
                    .label("`unchecked` takes away what protects against callers")
                    .help("`digits(x)`, `keep(x, \"0-9a-z\")` or `peers.find(x)` make safe what comes from outside"),
            );
        }
        made
    }

    pub(super) fn app(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if self.pure_only(at, "`app`") {
            return self.wrong(at);
        }
        let (Some(first), rest) = (args.first(), args.get(1)) else {
            self.tell(self.error("D403", at, "`app` needs the name of an application"));
            return self.wrong(at);
        };
        let called = self.wanted(&first.value, &Type::Str);
        let Some(application) = constant_text(&called) else {
            if called.ty != Type::Wrong {
                self.not_constant(first.value.at, "the name of an application");
            }
            return self.wrong(at);
        };
        // What was migrated may call what a module of somebody else brings.
        let known = strowger_stdlib::signatures::application(application.as_bytes()).is_some();
        if !known && !self.around.unchecked {
            let all = strowger_stdlib::signatures::applications()
                .iter()
                .map(|s| s.name);
            let like = self.like(&application, all);
            let mut found = self.error(
                "D201",
                first.value.at,
                format!("there is no application `{application}`"),
            );
            if let Some(like) = like {
                found = found.help(format!("did you mean `{like}`?"));
            }
            self.tell(found);
            return self.wrong(at);
        }
        let text = match rest {
            None => Vec::new(),
            Some(arg) => match &*arg.value.kind {
                tree::ExprKind::Raw(text) => vec![TextPart::Asterisk(text.to_string())],
                _ => {
                    let value = self.wanted(&arg.value, &Type::Str);
                    if value.ty == Type::Wrong {
                        return self.wrong(at);
                    }
                    vec![TextPart::Value(value)]
                }
            },
        };
        if args.len() > 2 {
            self.tell(
                self.error(
                    "D403",
                    args[2].value.at,
                    format!("`{}` takes two values", name.text),
                )
                .help("all arguments stand in one text: app(\"Dial\", 'PJSIP/61,20')"),
            );
        }
        self.made(
            at,
            Type::Unit,
            ExprKind::App {
                name: application,
                args: text,
            },
        )
    }

    pub(super) fn asterisk_text(&mut self, at: At, name: &Name, args: &[Arg]) -> Option<String> {
        if let [Arg { name: None, value }] = args
            && let tree::ExprKind::Raw(text) = &*value.kind
        {
            return Some(text.to_string());
        }
        self.tell(
            self.error(
                "D403",
                at,
                format!("`{}` takes one text in single quotes", name.text),
            )
            .help("for example asterisk('${UNIQUEID}')"),
        );
        None
    }

    /// `${X_${Y}}` of `channel("X_{y}")`, in a migrated file.
    pub(super) fn computed_name(&mut self, args: &[Arg]) -> Option<Vec<TextPart>> {
        let [Arg { name: None, value }] = args else {
            return None;
        };
        let tree::ExprKind::Text(parts) = &*value.kind else {
            return None;
        };
        let computed = parts.iter().any(|p| matches!(p, tree::TextPart::Hole(_)));
        if !computed || !self.around.unchecked {
            return None;
        }
        let name = self.text(value.at, parts);
        if name.ty == Type::Wrong {
            return None;
        }
        Some(vec![
            TextPart::Asterisk("${".to_owned()),
            TextPart::Value(name),
            TextPart::Asterisk("}".to_owned()),
        ])
    }

    /// The name in `channel("X")`.
    pub(super) fn variable_name(&mut self, at: At, name: &Name, args: &[Arg]) -> Option<String> {
        let given = self.arguments(at, name, args, &[("name", Type::Str)], &[])?;
        let text = given.first()?.as_ref().and_then(constant_text);
        if let (Some(text), [arg]) = (&text, args) {
            self.note_inside(arg.value.at, |_| Fact::Variable(text.clone(), false));
        }
        match text {
            Some(text)
                if !text.is_empty() && !text.contains(['$', '{', '}', '=', '(', ')', ',', '"']) =>
            {
                Some(text)
            }
            _ => {
                self.tell(
                    self.error("D315", at, "the name of a variable is a plain text")
                        .help("a function is read by asterisk('${NAME(...)}')"),
                );
                None
            }
        }
    }
}

/// The characters of a FILTER text, ranges spread out.
fn spans(kept: &str) -> impl Iterator<Item = u8> {
    let bytes = kept.as_bytes();
    let mut all = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if let (Some(b'-'), Some(last)) = (bytes.get(i + 1), bytes.get(i + 2)) {
            all.extend(bytes[i]..=*last);
            i += 3;
        } else {
            all.push(bytes[i]);
            i += 1;
        }
    }
    all.into_iter()
}
