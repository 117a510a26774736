//! The broker's scripts.

use crate::redis::Script;

macro_rules! scripts {
    ($($name:ident = $($file:literal)+,)*) => {
        /// The scripts, by name.
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        impl Scripts {
            pub(super) fn new() -> Self {
                Self { $($name: Script::new(concat!($(include_str!($file)),+)),)* }
            }

            /// All of them, for the connection to load.
            pub(super) fn all() -> Vec<Script> {
                vec![$(Script::new(concat!($(include_str!($file)),+)),)*]
            }
        }
    };
}

scripts! {
    take = "lua/record.lua" "lua/take.lua",
    expect = "lua/expect.lua",
    note = "lua/record.lua" "lua/note.lua",
    adopt = "lua/record.lua" "lua/adopt.lua",
    back = "lua/back.lua",
    settle = "lua/bury.lua" "lua/settle.lua",
    begin = "lua/begin.lua",
    extend = "lua/extend.lua",
    expired = "lua/expired.lua",
    restore = "lua/bury.lua" "lua/restore.lua",
    bind = "lua/bind.lua",
    reply = "lua/reply.lua",
    replies = "lua/replies.lua",
    revive = "lua/revive.lua",
    lead = "lua/lead.lua",
    resign = "lua/resign.lua",
    tick = "lua/tick.lua",
}
