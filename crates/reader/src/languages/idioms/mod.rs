//! What a call or an annotation means to a framework: one row per idiom, looked up by the name that is called.

use tree_sitter::Node;

use super::{
    found::{MAX_FACTS, line_of, one_line, text_of},
    nesting::Outline,
};
use crate::{
    domain::Language,
    facts::{Command, Route, Setting},
};

mod arguments;
mod rows;

use arguments::Arguments;

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
pub(super) struct Idiom {
    languages: &'static [Language],
    /// The names that are called.
    names: &'static [&'static str],
    /// What stands before the name.
    qualifier: Qualifier,
    means: Means,
}

/// What stands before a called name.
pub(super) enum Qualifier {
    /// Anything or nothing.
    Any,
    /// Something.
    Something,
    /// Its last part is one of these.
    Ends(&'static [&'static str]),
}

/// What a call means.
pub(super) enum Means {
    /// It reads the setting named by argument `name`.
    Setting { name: usize, default: Option<usize> },
    /// It declares a route.
    Route { framework: &'static str, method: Method, path: &'static [&'static str], handler: Handler },
    /// It declares a command or an option; with no name in the arguments, the decorated function is one.
    Command { framework: &'static str, name: &'static [&'static str], help: &'static [&'static str] },
}

/// Where a route's method stands.
pub(super) enum Method {
    /// The called name says it: `get`, `GetMapping`, `HandleFunc`.
    Name,
    /// An argument with this name holds it, `GET` or else this.
    Named(&'static str, &'static str),
}

/// Where a route's handler stands.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// The function that the call decorates.
    Decorated,
    /// The last argument.
    Last,
}

/// The facts that calls and captures gave.
#[derive(Default)]
pub(super) struct Facts {
    settings: Vec<Setting>,
    routes: Vec<(Route, Option<usize>)>,
    commands: Vec<(Command, Option<usize>)>,
}

impl Facts {
    pub(super) fn setting(&mut self, setting: Setting) {
        if self.settings.len() < MAX_FACTS && !setting.name.is_empty() {
            self.settings.push(setting);
        }
    }

    pub(super) fn route(&mut self, route: Route) {
        if self.routes.len() < MAX_FACTS {
            self.routes.push((route, None));
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        if self.commands.len() < MAX_FACTS && !command.name.is_empty() {
            self.commands.push((command, None));
        }
    }

    /// Everything by line; what decorates a function is given its name.
    pub(super) fn finish(self, outline: &Outline) -> (Vec<Setting>, Vec<Route>, Vec<Command>) {
        let mut settings = self.settings;
        settings.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
        settings.dedup();
        let mut routes: Vec<Route> = self
            .routes
            .into_iter()
            .filter_map(|(mut route, decorates)| {
                if let Some(at) = decorates {
                    route.handler = Some(outline.decorated(at)?.to_owned());
                }
                Some(route)
            })
            .collect();
        routes.sort_by(|a, b| (a.line, &a.path, &a.method).cmp(&(b.line, &b.path, &b.method)));
        routes.dedup();
        let mut commands: Vec<Command> = self
            .commands
            .into_iter()
            .filter_map(|(mut command, decorates)| {
                if let Some(at) = decorates {
                    let function = outline.decorated(at)?;
                    if command.name.is_empty() {
                        command.name = function.rsplit('.').next().unwrap_or(function).replace('_', "-");
                    } else if command.name.starts_with('-') {
                        command.of = Some(function.rsplit('.').next().unwrap_or(function).replace('_', "-"));
                    }
                }
                Some(command)
            })
            .collect();
        commands.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
        commands.dedup();
        (settings, routes, commands)
    }
}

/// Adds what the call means, if a row knows it.
pub(super) fn recognise(call: &Call<'_, '_>, facts: &mut Facts) {
    for idiom in rows::named(call.language, call.name) {
        if idiom.qualifier.fits(call.qualifier) && apply(idiom, call, facts) {
            return;
        }
    }
}

impl Qualifier {
    fn fits(&self, written: Option<&str>) -> bool {
        match (self, written) {
            (Qualifier::Any, _) | (Qualifier::Something, Some(_)) => true,
            (Qualifier::Ends(ends), Some(written)) => {
                let last = written.rsplit(['.', ':', '>', '\\']).next().unwrap_or(written);
                let last = last.trim_start_matches(['$', '@', '_']);
                ends.iter().any(|end| last.eq_ignore_ascii_case(end))
            }
            _ => false,
        }
    }
}

fn apply(idiom: &Idiom, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let arguments = Arguments::of(call.arguments, call.text);
    let line = line_of(call.arguments);
    match &idiom.means {
        Means::Setting { name, default } => {
            let Some(name) = arguments.at(*name).and_then(|node| arguments::shown(node, call.text)) else {
                return false;
            };
            let default =
                default.and_then(|at| arguments.at(at)).map(|node| one_line(text_of(node, call.text), 200));
            facts.setting(Setting { name, default, line });
        }
        Means::Route { framework, method, path, handler } => {
            return route(framework, method, path, *handler, &arguments, call, facts);
        }
        Means::Command { framework, name, help } => {
            return command(framework, name, help, &arguments, call, facts);
        }
    }
    true
}

fn route(
    framework: &str,
    method: &Method,
    path: &[&str],
    handler: Handler,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let path_at = 0;
    let path_node = arguments.at(path_at).or_else(|| arguments.any_named(path));
    let path = match path_node {
        Some(node) => match arguments::string(node, call.text) {
            Some(path) => path,
            None => return false,
        },
        None => String::new(),
    };
    let is_path = path.is_empty() || path.starts_with(['/', '^', ':', '*', '{', '<']);
    if !is_path && !matches!(handler, Handler::Decorated) {
        return false;
    }
    let method = match method {
        Method::Name => method_in(call.name),
        Method::Named(name, otherwise) => match arguments.named(name) {
            Some(node) => methods_in(text_of(node, call.text)),
            None => (*otherwise).to_owned(),
        },
    };
    let (handler, decorates) = match handler {
        Handler::Decorated => (None, Some(call.at)),
        Handler::Last => match arguments.last() {
            Some(node) if arguments.len() > path_at + 1 => (arguments::handler(node, call.text), None),
            _ => return false,
        },
    };
    if facts.routes.len() < MAX_FACTS {
        let line = line_of(call.arguments);
        let framework = framework.to_owned();
        facts.routes.push((Route { method, path, handler, line, framework }, decorates));
    }
    true
}

fn method_in(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let known = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    known
        .iter()
        .find(|method| upper.contains(*method))
        .map_or("ANY".to_owned(), |method| (*method).to_owned())
}

fn methods_in(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let words = upper.split(|c: char| !c.is_ascii_alphabetic());
    let known = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    let methods: Vec<&str> = words.filter(|word| known.contains(word)).collect();
    if methods.is_empty() { "ANY".to_owned() } else { methods.join(",") }
}

fn command(
    framework: &str,
    named: &[&str],
    help: &[&str],
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let string = |node| arguments::string(node, call.text);
    let decorates = named.is_empty();
    let mut names: Vec<String> = arguments.positional().filter_map(string).collect();
    if let Some(node) = arguments.any_named(named) {
        names.extend(string(node));
    }
    let long = names.iter().position(|name| name.starts_with("--"));
    let name = match long {
        Some(at) => names.swap_remove(at),
        None => names.into_iter().next().unwrap_or_default(),
    };
    let name = match name.split(['/', ' ', ',', '=', '<']).map(str::trim).find(|part| part.starts_with("--"))
    {
        Some(long) => long.to_owned(),
        None => name.split_whitespace().next().unwrap_or("").to_owned(),
    };
    if name.is_empty() && !decorates || facts.commands.len() >= MAX_FACTS {
        return false;
    }
    if let Some(variables) = arguments.named("envvar") {
        for variable in arguments::strings(variables, call.text) {
            facts.setting(Setting { name: variable, default: None, line: line_of(variables) });
        }
    }
    let mut text = arguments.any_named(help).and_then(string);
    if text.is_none() && help.first() == Some(&"") {
        text = arguments.positional().filter_map(string).nth(1);
    }
    let help = text.map(|help| one_line(&help, 300)).filter(|help| !help.is_empty());
    let line = line_of(call.arguments);
    let command = Command { name, help, of: None, line, framework: framework.to_owned() };
    facts.commands.push((command, decorates.then_some(call.at)));
    true
}
