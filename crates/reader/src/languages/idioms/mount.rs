//! Calls that mount a router in another: `app.use("/users", users)`, `include_router(users, prefix="/users")`.

use super::{
    Arguments, Call, Facts, Node, arguments, group, group::Group, line_of, receiver::assigned_name,
    receiver::receiver, receiver::value_of, route, text_of, variable,
};
use crate::domain::Language;
use crate::facts::{Mount, MountKind, Mounted, Router};

/// Functions that name a module where others import it.
const LOADERS: [&str; 4] = ["require", "import", "include", "base_path"];
/// Blocks in blocks are looked through so deep.
const MAX_BLOCKS: usize = 8;
/// Most statements of a block that are looked through.
const MAX_STATEMENTS: usize = 400;

/// How a call tells what it mounts, and where.
pub(super) enum Shape {
    /// The prefix first, if there is one, then all that answers there.
    Use,
    /// The prefix first, then what answers there.
    At,
    /// What answers there first, the prefix by name.
    Named { prefix: &'static str, is_instead: bool },
    /// What is made has the prefix of this name.
    Made(&'static str),
    /// What is made is a part of what it is called on.
    Derived,
    /// What is made is a part of what it is called on, whose path an earlier call of the chain names.
    Chained(&'static str),
    /// What is called on has the prefix.
    Prefixed,
    /// The second argument names patterns that stand behind the first.
    Included,
    /// All arguments answer where the call stands.
    Filled,
}

/// A mount before the function around it is known.
pub(super) struct Pending {
    pub(super) mount: Mount,
    pub(super) framework: &'static str,
    pub(super) at: usize,
}

pub(super) fn read(
    framework: &'static str,
    shape: &Shape,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let mut reading = Reading { framework, call, facts };
    match shape {
        Shape::Use => reading.used(arguments),
        Shape::At => {
            let (Some(prefix), Some(what)) = (reading.prefix(arguments.at(0)), arguments.at(1)) else {
                return false;
            };
            reading.mount(&prefix, what, MountKind::Before);
            reading.hands_to_others(what);
            true
        }
        Shape::Named { prefix, is_instead } => {
            let Some(what) = arguments.at(0).or_else(|| arguments.any_named(&["blueprint", "router"])) else {
                return false;
            };
            let given = option(arguments, prefix, call.text);
            let kind = if *is_instead && given.is_some() { MountKind::Instead } else { MountKind::Before };
            let prefix = match given {
                Some(given) => reading.written_prefix(given),
                None => Some(String::new()),
            };
            prefix.is_some_and(|prefix| reading.mount(&prefix, what, kind))
        }
        Shape::Made(name) => {
            let made = assigned_name(call.arguments, call.text);
            let given = option(arguments, name, call.text);
            let (Some(made), Some(given)) = (made, given) else { return false };
            let prefix = reading.written_prefix(given);
            prefix.is_some_and(|prefix| reading.push(&prefix, Mounted::Name(made), None, MountKind::Own))
        }
        Shape::Derived => reading.prefix(arguments.at(0)).is_some_and(|prefix| reading.derived(&prefix)),
        Shape::Chained(by) => {
            let earlier = group::earlier_in_chain(call.arguments, by, call.text);
            let prefix = earlier.and_then(|arguments| arguments.named_children().next());
            reading.prefix(prefix).is_some_and(|prefix| reading.derived(&prefix))
        }
        Shape::Prefixed => {
            let (Some(prefix), Some(name)) = (reading.prefix(arguments.at(0)), receiver(call)) else {
                return false;
            };
            reading.push(&prefix, Mounted::Name(name), None, MountKind::Own)
        }
        Shape::Included => reading.included(arguments),
        Shape::Filled => {
            arguments.positional().for_each(|what| {
                reading.mount("", what, MountKind::Before);
            });
            true
        }
    }
}

/// What is mounted, where that has a name.
pub(super) fn mounted(node: Node<'_>, text: &str) -> Option<Mounted> {
    match node.kind() {
        "await_expression"
        | "expression_list"
        | "parenthesized_expression"
        | "reference_expression"
        | "unary_expression"
        | "argument"
        | "tuple" => mounted(node.named_children().next()?, text),
        "call_expression" | "call" | "function_call_expression" => {
            if let Some(module) = loaded(node, text) {
                return Some(Mounted::Module(module, None));
            }
            let function = node.child_by_field_name("function")?;
            match function.kind() {
                // `require("./users")(app)`
                "call_expression" => mounted(function, text),
                // Go: `usersResource{}.Routes()`
                _ => plain(&text_of(function, text).replace("{}", "")).map(Mounted::Call),
            }
        }
        "member_expression" => {
            let (object, property) =
                (node.child_by_field_name("object")?, node.child_by_field_name("property")?);
            match loaded(object, text) {
                Some(module) => Some(Mounted::Module(module, plain(text_of(property, text)))),
                None => plain(text_of(node, text)).map(Mounted::Name),
            }
        }
        // PHP: `__DIR__ . "/users.php"`
        "binary_expression" => {
            let file = text_of(node, text).strip_prefix("__DIR__")?.trim_start();
            let file = file.strip_prefix('.')?.trim().trim_matches(['"', '\'']);
            file.ends_with(".php").then(|| Mounted::Module(format!(".{file}"), None))
        }
        _ => plain(text_of(node, text)).map(Mounted::Name),
    }
}

/// The module of `require("./users")`.
fn loaded(node: Node<'_>, text: &str) -> Option<String> {
    let function = node.child_by_field_name("function")?;
    if !LOADERS.contains(&text_of(function, text)) {
        return None;
    }
    let arguments = Arguments::of(node.child_by_field_name("arguments")?, text);
    let first = arguments.at(0)?;
    arguments::string(first, text)
}

fn plain(written: &str) -> Option<String> {
    let is_name = written.len() <= 120
        && written.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && written.chars().all(|c| c.is_alphanumeric() || "_.:$".contains(c));
    is_name.then(|| written.to_owned())
}

/// The argument of a name, or that option of an object among the arguments.
fn option<'t>(arguments: &Arguments<'t, '_>, name: &str, text: &str) -> Option<Node<'t>> {
    arguments.named(name).or_else(|| {
        let objects = arguments.positional().filter(|node| node.kind() == "object");
        objects.flat_map(|object| object.named_children()).find_map(|pair| {
            let key = pair.child_by_field_name("key")?;
            (text_of(key, text) == name).then(|| pair.child_by_field_name("value")).flatten()
        })
    })
}

fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function_expression"
            | "func_literal"
            | "anonymous_function"
            | "closure_expression"
    )
}

fn is_call(node: Node<'_>) -> bool {
    matches!(node.kind(), "call_expression" | "call" | "await_expression" | "expression_list")
}

struct Reading<'c, 't, 'a> {
    framework: &'static str,
    call: &'c Call<'t, 'a>,
    facts: &'c mut Facts,
}

impl<'t> Reading<'_, 't, '_> {
    fn prefix(&self, node: Option<Node<'_>>) -> Option<String> {
        let node = node?;
        match arguments::string(node, self.call.text) {
            // A prefix that begins with what is computed.
            Some(prefix) if prefix.starts_with('<') => Some(format!("/{prefix}")),
            Some(prefix) => Some(prefix),
            None if route::is_constant(self.call, node) => {
                Some(format!("/<{}>", text_of(node, self.call.text)))
            }
            None => None,
        }
    }

    /// The prefix of an argument that can be nothing else.
    fn written_prefix(&self, node: Node<'_>) -> Option<String> {
        let written = text_of(node, self.call.text);
        if matches!(written, "None" | "null" | "undefined") {
            return Some(String::new());
        }
        self.prefix(Some(node)).or_else(|| plain(written).map(|name| format!("/<{name}>")))
    }

    fn used(&mut self, arguments: &Arguments<'t, '_>) -> bool {
        let Some(first) = arguments.at(0) else { return false };
        let mut prefixes = Vec::new();
        if first.kind() == "array" {
            let items = first.named_children().take(20);
            prefixes.extend(items.filter_map(|item| arguments::string(item, self.call.text)));
        } else if arguments.len() > 1 {
            prefixes.extend(self.prefix(Some(first)));
        }
        let skip = usize::from(!prefixes.is_empty());
        if prefixes.is_empty() {
            prefixes.push(String::new());
        }
        for what in arguments.positional().skip(skip).filter(|what| !is_function(*what)) {
            for prefix in &prefixes {
                self.mount(prefix, what, MountKind::Before);
            }
            self.hands_to_others(what);
        }
        true
    }

    /// `users := r.Group("/users")`, or the same as an argument.
    fn derived(&mut self, prefix: &str) -> bool {
        if let Some(name) = assigned_name(self.call.arguments, self.call.text) {
            self.push(prefix, Mounted::Name(name.clone()), receiver(self.call), MountKind::Before);
            self.hand(&name);
            return true;
        }
        let whole = self.call.arguments.parent();
        let around = whole.and_then(Node::parent).filter(|around| around.kind() == "argument_list");
        let outer = around.and_then(Node::parent).and_then(|outer| mounted(outer, self.call.text));
        outer.is_some_and(|outer| self.push(prefix, outer, receiver(self.call), MountKind::Before))
    }

    /// Django's `path("users/", include("users.urls"))`.
    fn included(&mut self, arguments: &Arguments<'t, '_>) -> bool {
        let (Some(prefix), Some(include)) = (arguments.at(0), arguments.at(1)) else { return false };
        let is_include = include
            .child_by_field_name("function")
            .is_some_and(|function| text_of(function, self.call.text) == "include");
        let (true, Some(prefix)) = (is_include, arguments::string(prefix, self.call.text)) else {
            return false;
        };
        let inner = include.child_by_field_name("arguments").and_then(|inner| inner.named_children().next());
        let Some(inner) = inner else { return false };
        let inner = match inner.kind() {
            "tuple" => inner.named_children().next().unwrap_or(inner),
            _ => inner,
        };
        match arguments::string(inner, self.call.text) {
            Some(module) => {
                self.push(&prefix, Mounted::Module(module, None), self.list(), MountKind::Before);
                // Where the module is not found, the route tells its name.
                false
            }
            None if inner.kind() == "list" => self.group(&prefix, inner),
            None => match mounted(inner, self.call.text) {
                Some(what) => {
                    // `router.urls` are the patterns of a router, or of a module.
                    let what = match what {
                        Mounted::Name(name) if name.ends_with(".urls") => Mounted::Call(name),
                        what => what,
                    };
                    self.push(&prefix, what, self.list(), MountKind::Before);
                    false
                }
                None => false,
            },
        }
    }

    fn list(&self) -> Option<String> {
        route::list_around(self.call.arguments, self.call.text)
    }

    fn mount(&mut self, prefix: &str, what: Node<'t>, kind: MountKind) -> bool {
        if is_function(what) {
            return self.group(prefix, what);
        }
        // `const users = makeUsers(db)`: what the variable is given is mounted with it.
        let given = value_of(what, self.call.text).filter(|given| is_call(*given));
        if let Some(given) = given.and_then(|given| mounted(given, self.call.text)) {
            self.push(prefix, given, receiver(self.call), kind);
        }
        let variable = || variable::named(what, self.call.text).map(Mounted::Name);
        let variable = (self.call.language == Language::Rust).then(variable).flatten();
        match variable.or_else(|| mounted(what, self.call.text)) {
            Some(what) => self.push(prefix, what, receiver(self.call), kind),
            None => false,
        }
    }

    fn group(&mut self, prefix: &str, within: Node<'t>) -> bool {
        self.facts.group(Group {
            framework: self.framework,
            within: within.byte_range(),
            prefix: prefix.to_owned(),
            at: self.call.at,
            on: receiver(self.call),
        });
        true
    }

    fn push(&mut self, prefix: &str, what: Mounted, on: Option<String>, kind: MountKind) -> bool {
        let line = line_of(self.call.arguments);
        let on = Router { name: on, scope: None };
        let mount = Mount { what, on, prefix: prefix.to_owned(), kind, line };
        self.facts.mount(Pending { mount, framework: self.framework, at: self.call.at });
        true
    }

    fn hands_to_others(&mut self, what: Node<'t>) {
        if what.kind() == "identifier" {
            self.hand(text_of(what, self.call.text));
        }
    }

    /// Functions that the block around hands a router to fill it: `users.register(api)`.
    fn hand(&mut self, router: &str) {
        let is_block = |node: &Node<'_>| matches!(node.kind(), "block" | "statement_block" | "program");
        let mut around = std::iter::successors(self.call.arguments.parent(), |node| node.parent());
        if let Some(block) = around.find(is_block) {
            self.hand_in(block, router, 0);
        }
    }

    fn hand_in(&mut self, block: Node<'t>, router: &str, depth: usize) {
        for statement in block.named_children().take(MAX_STATEMENTS) {
            match statement.kind() {
                "call_expression" => {
                    let is_router = |node: Node<'_>| text_of(node, self.call.text) == router;
                    let function = statement.child_by_field_name("function");
                    let given = statement.child_by_field_name("arguments");
                    // What is called on a router mounts its arguments by rows of its own.
                    let is_filled = given.is_some_and(|given| given.named_children().any(is_router))
                        && function.is_some_and(|function| {
                            let object = ["object", "operand"]
                                .iter()
                                .find_map(|field| function.child_by_field_name(field));
                            object.is_none_or(|object| {
                                !matches!(text_of(object, self.call.text), "app" | "router" | "server")
                            })
                        });
                    if let (true, Some(what)) = (is_filled, mounted(statement, self.call.text)) {
                        self.push("", what, Some(router.to_owned()), MountKind::Before);
                    }
                }
                "block" | "statement_block" | "statement_list" | "expression_statement" | "if_statement"
                    if depth < MAX_BLOCKS =>
                {
                    self.hand_in(statement, router, depth + 1);
                }
                _ => {}
            }
        }
    }
}
