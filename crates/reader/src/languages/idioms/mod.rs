//! What a call or an annotation means to a framework: one row per idiom, looked up by the name that is called.

use super::{
    found::{MAX_FACTS, line_of, one_line, text_of},
    nesting::Outline,
    syntax::Node,
};
use crate::{
    domain::Language,
    facts::{Command, Mount, MountKind, Route, Router, Setting},
};

mod arguments;
mod command;
mod group;
mod mount;
mod rails;
mod receiver;
mod route;
mod rows;
mod scope;
mod setting;
mod variable;

use arguments::Arguments;

/// Every route is looked for in every group of its file.
const MAX_GROUPS: usize = 200;
const MAX_MOUNTS: usize = 2_000;

/// A call as the query found it.
pub(super) struct Call<'t, 'a> {
    pub(super) language: Language,
    pub(super) name: &'a str,
    pub(super) qualifier: Option<&'a str>,
    pub(super) at: usize,
    pub(super) arguments: Node<'t>,
    pub(super) text: &'a str,
}

/// One idiom.
struct Idiom {
    languages: &'static [Language],
    /// The names that are called.
    names: &'static [&'static str],
    qualifier: Qualifier,
    means: Means,
}

/// What stands before a called name.
enum Qualifier {
    /// Anything or nothing.
    Any,
    /// Nothing.
    Nothing,
    /// Something.
    Something,
    /// Something whose last part is none of these.
    Not(&'static [&'static str]),
    /// One of these, in full.
    Is(&'static [&'static str]),
    /// Its last part is one of these.
    Ends(&'static [&'static str]),
}

/// What a call means.
enum Means {
    /// It reads the setting named by argument `name`; `constants` only counts names like `DB_URL`.
    Setting { name: usize, default: Option<usize>, constants: bool },
    /// It declares a route.
    Route(route::Shape),
    /// It declares routes of Rails.
    Rails,
    /// The routes of this framework within start with its path.
    Group(&'static str, group::Shape),
    /// Routers of this framework answer in others.
    Mount(&'static str, mount::Shape),
    /// It declares a command or an option.
    Command(command::Shape),
}

/// The facts that calls and captures gave.
#[derive(Default)]
pub(super) struct Facts {
    settings: Vec<Setting>,
    /// What is read of a bare `environ`.
    of_environ: Vec<Setting>,
    routes: Vec<route::Pending>,
    groups: Vec<group::Group>,
    mounts: Vec<mount::Pending>,
    /// What the file is as a whole, when it is written where it is handed out.
    whole: Vec<std::ops::Range<usize>>,
    commands: Vec<command::Pending>,
}

impl Facts {
    pub(super) fn setting(&mut self, setting: Setting) {
        if self.settings.len() < MAX_FACTS && !setting.name.is_empty() {
            self.settings.push(setting);
        }
    }

    /// A setting if the file imports `environ` from Python's `os`.
    pub(super) fn setting_of_environ(&mut self, setting: Setting) {
        if self.of_environ.len() < MAX_FACTS {
            self.of_environ.push(setting);
        }
    }

    pub(super) fn route(&mut self, route: Route) {
        self.pending_route(route::Pending { route, decorates: None, at: usize::MAX, bases: Vec::new() });
    }

    fn pending_route(&mut self, pending: route::Pending) {
        if self.routes.len() < MAX_FACTS {
            self.routes.push(pending);
        }
    }

    fn group(&mut self, group: group::Group) {
        if self.groups.len() < MAX_GROUPS {
            self.groups.push(group);
        }
    }

    fn mount(&mut self, mount: mount::Pending) {
        if self.mounts.len() < MAX_MOUNTS {
            self.mounts.push(mount);
        }
    }

    /// Takes what a file is as a whole: `module.exports = router`.
    pub(super) fn whole(&mut self, node: Node<'_>, text: &str) {
        match mount::mounted(node, text) {
            Some(what) => {
                let (on, prefix) = (Router::default(), String::new());
                let mount = Mount { what, on, prefix, kind: MountKind::Whole, line: line_of(node) };
                self.mount(mount::Pending { mount, framework: "", at: node.start_byte() });
            }
            None => self.whole.push(node.byte_range()),
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        self.pending_command(command::Pending::ready(command));
    }

    fn pending_command(&mut self, command: command::Pending) {
        if self.commands.len() < MAX_FACTS {
            self.commands.push(command);
        }
    }

    /// Everything by line; what decorates a definition is given its name.
    pub(super) fn finish(
        mut self,
        outline: &Outline,
        imports_environ: bool,
    ) -> (Vec<Setting>, Vec<Route>, Vec<Mount>, Vec<Command>) {
        if imports_environ {
            for setting in std::mem::take(&mut self.of_environ) {
                self.setting(setting);
            }
        }
        let mut settings = self.settings;
        // The one with a default first, since both the expression and its left side may have matched.
        settings.sort_by(|a, b| {
            (a.line, &a.name, a.default.is_none()).cmp(&(b.line, &b.name, b.default.is_none()))
        });
        settings.dedup_by(|later, earlier| later.line == earlier.line && later.name == earlier.name);
        let groups = group::Groups(self.groups);
        let scopes = scope::Scopes::of(&self.routes, &self.mounts, &self.whole, outline);
        let mounts = scopes.mounts(self.mounts, &self.whole, &groups);
        let mut routes = route::finished(self.routes, &groups, &scopes, outline);
        routes.sort_by(|a, b| (a.line, &a.path, &a.method).cmp(&(b.line, &b.path, &b.method)));
        routes.dedup();
        let mut commands: Vec<Command> =
            self.commands.into_iter().flat_map(|pending| pending.finish(outline)).collect();
        commands.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
        commands.dedup();
        (settings, routes, mounts, commands)
    }
}

/// Adds what the call means, if a row knows it.
pub(super) fn recognise(call: &Call<'_, '_>, facts: &mut Facts) {
    let idioms = rows::named(call.language, call.name);
    if idioms.is_empty() {
        return;
    }
    let arguments = Arguments::of(call.arguments, call.text);
    for idiom in idioms {
        let applies = idiom.qualifier.fits(call.qualifier)
            && match &idiom.means {
                Means::Setting { name, default, constants } => {
                    setting::read(*name, *default, *constants, &arguments, call, facts)
                }
                Means::Route(shape) => route::read(shape, &arguments, call, facts),
                Means::Rails => rails::read(&arguments, call, facts),
                Means::Group(framework, shape) => group::read(framework, shape, &arguments, call, facts),
                Means::Mount(framework, shape) => mount::read(framework, shape, &arguments, call, facts),
                Means::Command(shape) => command::read(shape, &arguments, call, facts),
            };
        if applies {
            return;
        }
    }
}

impl Qualifier {
    fn fits(&self, written: Option<&str>) -> bool {
        match (self, written) {
            (Qualifier::Any, _) | (Qualifier::Something, Some(_)) | (Qualifier::Nothing, None) => true,
            (Qualifier::Is(wanted), Some(written)) => wanted.contains(&written),
            (Qualifier::Ends(ends), Some(written)) => {
                ends.iter().any(|end| last(written).eq_ignore_ascii_case(end))
            }
            (Qualifier::Not(not), Some(written)) => {
                !not.iter().any(|end| last(written).eq_ignore_ascii_case(end))
            }
            _ => false,
        }
    }
}

/// `a.b->c` is `c`, without a sigil.
fn last(qualifier: &str) -> &str {
    let last = qualifier.rsplit(['.', ':', '>', '\\']).next().unwrap_or(qualifier);
    last.trim_start_matches(['$', '@', '_'])
}
