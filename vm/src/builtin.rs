//! Reading variables: built-in ones, the channel's, globals (DL-184, DL-185).

use strowger_stdlib::Value;

use crate::inputs::Inputs;
use crate::run::{Vm, World};

macro_rules! builtins {
    ($($variant:ident $name:literal,)*) => {
        /// Built-in variables (DL-185): no slots, and never shadowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Builtin {
            $($variant,)*
        }

        impl Builtin {
            pub(crate) const ALL: &'static [Builtin] = &[$(Builtin::$variant,)*];

            /// Its name in a plan.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Builtin::$variant => $name,)* }
            }

            /// The built-in of this name.
            pub(crate) fn of(name: &[u8]) -> Option<Builtin> {
                // Lengths differ nearly always, and comparing those is what this chain comes down to.
                $(if name == $name.as_bytes() {
                    return Some(Builtin::$variant);
                })*
                None
            }

            pub(crate) fn from_byte(b: u8) -> Option<Builtin> {
                Builtin::ALL.get(usize::from(b)).copied()
            }
        }
    };
}

builtins! {
    Exten "EXTEN",
    Context "CONTEXT",
    Priority "PRIORITY",
    Channel "CHANNEL",
    UniqueId "UNIQUEID",
    HangupCause "HANGUPCAUSE",
    CallingPres "CALLINGPRES",
    CallingAni2 "CALLINGANI2",
    CallingTon "CALLINGTON",
    CallingTns "CALLINGTNS",
    Hint "HINT",
    HintName "HINTNAME",
    Epoch "EPOCH",
    SystemName "SYSTEMNAME",
    EntityId "ENTITYID",
    CacheDir "ASTCACHEDIR",
    EtcDir "ASTETCDIR",
    ModDir "ASTMODDIR",
    VarLibDir "ASTVARLIBDIR",
    DbDir "ASTDBDIR",
    KeyDir "ASTKEYDIR",
    DataDir "ASTDATADIR",
    AgiDir "ASTAGIDIR",
    SpoolDir "ASTSPOOLDIR",
    RunDir "ASTRUNDIR",
    LogDir "ASTLOGDIR",
    SbinDir "ASTSBINDIR",
}

impl Vm {
    /// A variable as `${name}` reads it (DL-184): built-in, channel, global; empty if unset.
    pub(crate) fn read(&self, w: World, name: &[u8]) -> Value {
        if let Some(b) = Builtin::of(name) {
            return self.builtin(w, b);
        }
        match self.variables.get(w.module, name) {
            Some(v) => v.clone(),
            None => global(w.inputs, name),
        }
    }

    pub(crate) fn builtin(&self, w: World, b: Builtin) -> Value {
        match b {
            Builtin::Exten => Value::text(&self.place.exten),
            Builtin::Context => Value::text(&self.place.context),
            Builtin::Priority => Value::int(i64::from(self.place.priority)),
            Builtin::Channel => Value::text(&self.party.name),
            Builtin::UniqueId => Value::text(&self.party.unique_id),
            Builtin::HangupCause => Value::int(i64::from(self.party.cause)),
            Builtin::CallingPres => Value::int(i64::from(self.party.caller.presentation())),
            Builtin::CallingAni2 => {
                let others = self.party.others.as_ref();
                Value::int(others.map_or(0, |others| i64::from(others.ani2)))
            }
            Builtin::CallingTon => Value::int(i64::from(self.party.caller.details().number_plan)),
            Builtin::CallingTns => Value::int(0),
            Builtin::Hint => Value::text(
                w.module
                    .hint(&self.place.context, &self.place.exten)
                    .map_or(b"", |(devices, _)| devices),
            ),
            Builtin::HintName => Value::text(
                w.module
                    .hint(&self.place.context, &self.place.exten)
                    .map_or(b"", |(_, name)| name),
            ),
            Builtin::Epoch => Value::int(w.inputs.now.seconds()),
            always => w
                .inputs
                .system
                .names
                .get(always.name())
                .map_or(Value::EMPTY, |v| Value::text(v)),
        }
    }
}

/// A global variable; empty if unset.
pub(crate) fn global(inputs: &Inputs, name: &[u8]) -> Value {
    inputs.globals.get(name).map_or(Value::EMPTY, Value::text)
}
