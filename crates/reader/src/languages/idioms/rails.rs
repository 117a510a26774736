//! The routes of Rails, as `rails routes` would list them: resources with their actions, in what stands around them.

use super::{Arguments, Call, Facts, Node, line_of, route, text_of};
use crate::facts::{Route, Router};

/// Blocks stand in each other so deep.
const MAX_BLOCKS: usize = 24;

/// Calls whose blocks hold routes and nothing else.
const DRAWS: [&str; 5] = ["draw", "namespace", "scope", "resources", "resource"];

/// The actions of `resources`: name, methods, what follows the path.
const MANY: [(&str, &str, &str); 7] = [
    ("index", "GET", ""),
    ("create", "POST", ""),
    ("new", "GET", "/new"),
    ("edit", "GET", "/:id/edit"),
    ("show", "GET", "/:id"),
    ("update", "PATCH,PUT", "/:id"),
    ("destroy", "DELETE", "/:id"),
];
/// The actions of `resource`.
const ONE: [(&str, &str, &str); 6] = [
    ("create", "POST", ""),
    ("new", "GET", "/new"),
    ("edit", "GET", "/edit"),
    ("show", "GET", ""),
    ("update", "PATCH,PUT", ""),
    ("destroy", "DELETE", ""),
];

/// What the blocks around a call say of its routes.
#[derive(Default)]
struct Around {
    /// The path of each block, the outermost first.
    parts: Vec<Part>,
    /// The folder of the controllers: `admin/`.
    controllers: String,
    /// The controller of the innermost resources.
    controller: Option<String>,
    is_shallow: bool,
}

struct Part {
    path: String,
    is_resources: bool,
}

impl Around {
    fn path(&self) -> String {
        self.parts.iter().map(|part| part.path.as_str()).collect()
    }

    /// Where the members of shallow resources answer: without the resources around them.
    fn member_path(&self) -> String {
        let parts = self.parts.iter().filter(|part| !(self.is_shallow && part.is_resources));
        parts.map(|part| part.path.as_str()).collect()
    }
}

/// Takes a call of the routes' own language; `false` for one that is something else.
pub(super) fn read(arguments: &Arguments<'_, '_>, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let Some(around) = around(call, arguments) else { return false };
    match call.name {
        "resources" | "resource" => resources(&around, arguments, call, facts),
        "root" => {
            let to = arguments.named("to").or_else(|| arguments.at(0)).and_then(|to| word(to, call.text));
            let path = format!("{}/", around.path());
            add(facts, call, "GET".to_owned(), &path, to);
            true
        }
        "mount" => mounted(&around, arguments, call, facts),
        _ => verb(&around, arguments, call, facts),
    }
}

fn verb(around: &Around, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let option = |name: &str| arguments.named(name).and_then(|node| word(node, call.text));
    let controller = option("controller").or_else(|| around.controller.clone());
    // `action: "show"` is one of the controller that is told beside it or around.
    let to = option("to").or_else(|| {
        let action = option("action")?;
        Some(controller.as_ref().map_or(action.clone(), |controller| format!("{controller}#{action}")))
    });
    let pair = pair_of_path(call);
    let (path, to) = match pair {
        Some((path, target)) => (vec![path], Some(target)),
        None => (arguments.positional().filter_map(|path| word(path, call.text)).collect(), to),
    };
    // A block is Sinatra's handler.
    let is_rails = to.is_some() || (!around.parts.is_empty() && !route::has_block(call));
    if path.is_empty() || !is_rails {
        return false;
    }
    let method = match call.name {
        "match" => arguments
            .named("via")
            .map_or_else(|| "ANY".to_owned(), |via| route::methods_in(text_of(via, call.text))),
        name => name.to_ascii_uppercase(),
    };
    for path in path {
        let action =
            || controller.as_ref().map(|controller| format!("{}{controller}#{path}", around.controllers));
        let handler = match &to {
            Some(to) if to.contains('#') && !around.controllers.is_empty() => {
                Some(format!("{}{to}", around.controllers))
            }
            Some(to) => Some(to.clone()),
            None => action(),
        };
        add(facts, call, method.clone(), &below(&around.path(), &path), handler);
    }
    true
}

/// `"a/b" => "things#show"`.
fn pair_of_path(call: &Call<'_, '_>) -> Option<(String, String)> {
    call.arguments.named_children().filter(|node| node.kind() == "pair").find_map(|pair| {
        let key = pair.child_by_field_name("key").filter(|key| key.kind() == "string")?;
        Some((word(key, call.text)?, word(pair.child_by_field_name("value")?, call.text)?))
    })
}

/// `mount Sidekiq::Web => "/sidekiq"`, `mount Api, at: "/api"`.
fn mounted(around: &Around, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let pair = call.arguments.named_children().find(|node| node.kind() == "pair").and_then(|pair| {
        let key = pair.child_by_field_name("key").filter(|key| key.kind() != "hash_key_symbol")?;
        Some((key, pair.child_by_field_name("value")?))
    });
    let Some((what, at)) = pair.or_else(|| Some((arguments.at(0)?, arguments.named("at")?))) else {
        return false;
    };
    let Some(path) = word(at, call.text) else { return false };
    add(
        facts,
        call,
        "ANY".to_owned(),
        &below(&around.path(), &path),
        Some(text_of(what, call.text).to_owned()),
    );
    true
}

fn resources(around: &Around, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>, facts: &mut Facts) -> bool {
    let is_one = call.name == "resource";
    let listed = |name: &str| arguments.named(name).map(|list| words(list, call.text));
    let (only, except) = (listed("only"), listed("except").unwrap_or_default());
    let is_wanted = |action: &str| {
        only.as_ref().is_none_or(|only| only.iter().any(|name| name == action))
            && !except.iter().any(|name| name == action)
    };
    let actions: &[_] = if is_one { &ONE } else { &MANY };
    for name in arguments.positional().filter_map(|name| word(name, call.text)) {
        let path = segment(&name, arguments, call.text);
        let controller = arguments.named("controller").and_then(|node| word(node, call.text));
        let controller = controller.unwrap_or_else(|| if is_one { format!("{name}s") } else { name.clone() });
        let id = arguments.named("param").and_then(|node| word(node, call.text));
        let id = format!(":{}", id.as_deref().unwrap_or("id"));
        // Actions of one path are one row.
        let mut rows: Vec<(String, Vec<&str>, Vec<&str>)> = Vec::new();
        for &(action, methods, behind) in actions.iter().filter(|(action, ..)| is_wanted(action)) {
            let holder = if behind.contains(":id") { around.member_path() } else { around.path() };
            let whole = below(&holder, &format!("{path}{}", behind.replace(":id", &id)));
            match rows.iter_mut().find(|(known, ..)| *known == whole) {
                Some((_, all, names)) => {
                    all.push(methods);
                    names.push(action);
                }
                None => rows.push((whole, vec![methods], vec![action])),
            }
        }
        for (whole, methods, names) in rows {
            let handler = format!("{}{controller}#{}", around.controllers, names.join(", #"));
            add(facts, call, methods.join(","), &whole, Some(handler));
        }
    }
    true
}

fn add(facts: &mut Facts, call: &Call<'_, '_>, method: String, path: &str, handler: Option<String>) {
    let (line, framework) = (line_of(call.arguments), "rails".to_owned());
    facts.route(Route { method, path: path.to_owned(), handler, line, framework, on: Router::default() });
}

/// What stands around a call; `None` where no routes are drawn: in a method or a class, or in what others draw.
fn around(call: &Call<'_, '_>, arguments: &Arguments<'_, '_>) -> Option<Around> {
    let mut around = Around::default();
    let mut mode = arguments.named("on").and_then(|on| word(on, call.text));
    around.is_shallow = is_true(arguments, "shallow", call.text);
    let mut node = call.arguments.parent()?;
    let (mut blocks, mut is_drawn) = (0, false);
    while let Some(outer) = node.parent() {
        match outer.kind() {
            "method" | "singleton_method" | "class" => return None,
            "do_block" | "block" if blocks < MAX_BLOCKS => {
                blocks += 1;
                let holder = outer.parent()?;
                // `concern :x` is drawn where it is named.
                let name = name_of(holder, call.text);
                if name == Some("concern") {
                    return None;
                }
                is_drawn |= name.is_some_and(|name| DRAWS.contains(&name));
                enter(&mut around, holder, &mut mode, call.text);
            }
            _ => {}
        }
        node = outer;
    }
    around.parts.reverse();
    // A file that others draw has no block around all of it.
    (is_drawn || blocks == 0).then_some(around)
}

/// Takes what a call with a block says of what it holds.
fn enter(around: &mut Around, holder: Node<'_>, mode: &mut Option<String>, text: &str) {
    let Some(name) = name_of(holder, text) else { return };
    let Some(list) = holder.child_by_field_name("arguments") else {
        match name {
            "member" | "collection" => *mode = Some(name.to_owned()),
            "shallow" => around.is_shallow = true,
            _ => {}
        }
        return;
    };
    let arguments = Arguments::of(list, text);
    let first = || arguments.at(0).and_then(|node| word(node, text));
    let option = |name: &str| arguments.named(name).and_then(|node| word(node, text));
    let controllers = match name {
        "namespace" => option("module").or_else(first),
        "scope" => option("module"),
        _ => None,
    };
    if let Some(folder) = controllers {
        around.controllers = format!("{folder}/{}", around.controllers);
    }
    let path = match name {
        "namespace" | "scope" => option("path").or_else(first).map(|path| below("", &path)),
        "resources" | "resource" => first().map(|name| {
            let path = below("", &segment(&name, &arguments, text));
            let id = option("param").unwrap_or_else(|| "id".to_owned());
            if around.controller.is_none() {
                around.controller = option("controller").or_else(|| Some(name.clone()));
            }
            match (holder_is_one(holder, text), mode.take().as_deref()) {
                (true, _) | (false, Some("collection")) => path,
                (false, Some("member")) => format!("{path}/:{id}"),
                (false, _) => format!("{path}/:{}_{id}", singular(&name)),
            }
        }),
        _ => None,
    };
    let is_resources = matches!(name, "resources" | "resource");
    around.is_shallow |= is_resources && is_true(&arguments, "shallow", text);
    if let Some(path) = path.filter(|path| path != "/") {
        around.parts.push(Part { path, is_resources });
    }
}

fn holder_is_one(holder: Node<'_>, text: &str) -> bool {
    name_of(holder, text) == Some("resource")
}

fn is_true(arguments: &Arguments<'_, '_>, name: &str, text: &str) -> bool {
    arguments.named(name).is_some_and(|node| text_of(node, text) == "true")
}

fn name_of<'a>(call: Node<'_>, text: &'a str) -> Option<&'a str> {
    call.child_by_field_name("method").map(|method| text_of(method, text))
}

/// What resources are called in paths.
fn segment(name: &str, arguments: &Arguments<'_, '_>, text: &str) -> String {
    arguments.named("path").and_then(|node| word(node, text)).unwrap_or_else(|| name.to_owned())
}

/// The text of a string or symbol.
fn word(node: Node<'_>, text: &str) -> Option<String> {
    match node.kind() {
        "simple_symbol" => Some(text_of(node, text).trim_start_matches(':').to_owned()),
        "string" => super::arguments::string(node, text),
        _ => None,
    }
}

/// The names of `[:a, "b"]`, `%i[a b]` or `:a`.
fn words(node: Node<'_>, text: &str) -> Vec<String> {
    let separate = |c: char| !(c.is_alphanumeric() || c == '_');
    let names = text_of(node, text).trim_start_matches("%i").trim_start_matches("%w").split(separate);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn below(outer: &str, path: &str) -> String {
    match path.trim_matches('/') {
        "" => format!("{outer}/"),
        path => format!("{outer}/{path}"),
    }
}

/// As Rails would say it of all but irregular words.
fn singular(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    for (plural, one) in [("people", "person"), ("children", "child")] {
        if let Some(before) = name.strip_suffix(plural) {
            return format!("{before}{one}");
        }
    }
    if let Some(stem) = name.strip_suffix("ies").filter(|stem| stem.len() > 1 && !stem.ends_with("ov")) {
        return format!("{stem}y");
    }
    for ending in ["sses", "uses", "xes", "ches", "shes"] {
        if name.ends_with(ending) {
            return name[..name.len() - 2].to_owned();
        }
    }
    match name {
        "news" | "series" | "status" => name.to_owned(),
        _ if name.ends_with("ss") => name.to_owned(),
        _ => name.strip_suffix('s').unwrap_or(name).to_owned(),
    }
}
