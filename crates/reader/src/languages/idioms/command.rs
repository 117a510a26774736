//! Calls and annotations that declare a command or an option of a command-line program.

use super::{Arguments, Call, Facts, arguments, line_of, one_line, text_of};
use crate::{
    domain::SymbolKind,
    facts::{Command, Setting},
    languages::nesting::Outline,
};

/// How a call tells a command or an option.
pub(super) struct Shape {
    pub(super) framework: &'static str,
    pub(super) name: Name,
    /// The names of the argument that holds the help text; `""` is the second text.
    pub(super) help: &'static [&'static str],
}

/// Where the name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// The first text, or an argument with one of these names; the long form of an option wins.
    Text(&'static [&'static str]),
    /// The same, and it must start with `-`.
    Option(&'static [&'static str]),
    /// The first text, without the dashes: `flag.String("port", …)`.
    Flag,
    /// As `Text(&[])`, or else the name of the function that the call decorates.
    Decorated,
    /// The first text within the first argument: `subcommand(Command::new("add"))`.
    Nested,
    /// The first word of the first of two texts, which is how the command is used; a lone text only describes.
    Usage,
    /// clap's `#[arg(long, env = "X")]` on a field.
    ClapField,
    /// clap's `#[derive(Subcommand)]` on an enum: each of its variants.
    ClapVariants,
}

/// A command that may still wait for the definition that it decorates.
pub(super) struct Pending {
    command: Command,
    decorates: Option<(usize, Name)>,
}

impl Pending {
    pub(super) fn ready(command: Command) -> Pending {
        Pending { command, decorates: None }
    }

    /// The command, or those that the decorated definition holds.
    pub(super) fn finish(self, outline: &Outline) -> Vec<Command> {
        let Pending { mut command, decorates } = self;
        let Some((at, name)) = decorates else { return vec![command] };
        let Some(decorated) = outline.decorated(at) else {
            return if command.name.is_empty() { Vec::new() } else { vec![command] };
        };
        match name {
            Name::ClapVariants => {
                let variants = outline.members(decorated.qualified, SymbolKind::Constant);
                return variants
                    .map(|variant| Command {
                        name: kebab(variant.name),
                        help: variant.doc.and_then(first_line),
                        line: outline.line(variant.at),
                        ..command.clone()
                    })
                    .collect();
            }
            Name::ClapField => {
                if command.name == "--" {
                    command.name = format!("--{}", kebab(decorated.name));
                } else if command.name.is_empty() {
                    command.name = format!("<{}>", kebab(decorated.name));
                }
                command.help = command.help.or_else(|| decorated.doc.and_then(first_line));
                command.of = decorated.qualified.rsplit_once('.').map(|(parent, _)| parent.to_owned());
            }
            _ if command.name.is_empty() => {
                command.name = kebab(decorated.name);
                command.help = command.help.or_else(|| decorated.doc.and_then(first_line));
            }
            // A field is an option of its class, a function one of the command that it is.
            _ if command.name.starts_with('-') && decorated.is_field => {
                command.of = decorated.qualified.rsplit_once('.').map(|(parent, _)| parent.to_owned());
            }
            _ if command.name.starts_with('-') => command.of = Some(kebab(decorated.name)),
            _ => command.help = command.help.or_else(|| decorated.doc.and_then(first_line)),
        }
        vec![command]
    }
}

pub(super) fn read(
    shape: &Shape,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let Some(name) = name(shape, arguments, call) else { return false };
    for variables in arguments.named("envvar").into_iter().chain(arguments.named("env")) {
        for name in arguments::strings(variables, call.text) {
            facts.setting(Setting { name, default: None, line: line_of(variables) });
        }
    }
    let whole = text_of(call.arguments, call.text);
    if shape.name == Name::ClapField
        && let Some(name) = assigned(whole, "env")
    {
        facts.setting(Setting {
            name,
            default: assigned(whole, "default_value"),
            line: line_of(call.arguments),
        });
    }
    let decorates = match shape.name {
        Name::Decorated | Name::Option(_) | Name::ClapField | Name::ClapVariants => {
            Some((call.at, shape.name))
        }
        _ => None,
    };
    let command = Command {
        name,
        help: help(shape, arguments, call),
        of: None,
        line: line_of(call.arguments),
        framework: shape.framework.to_owned(),
    };
    facts.pending_command(Pending { command, decorates });
    true
}

/// The name; empty when the decorated definition gives it; `None` when the call is no command.
fn name(shape: &Shape, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>) -> Option<String> {
    let whole = text_of(call.arguments, call.text);
    let named: &[&str] = match shape.name {
        Name::Text(named) | Name::Option(named) => named,
        Name::Flag => {
            let texts = texts(arguments, &[], call);
            let name = texts.into_iter().next()?;
            return (!name.is_empty()).then(|| format!("--{name}"));
        }
        Name::Usage => {
            let texts = texts(arguments, &[], call);
            let [usage, _, ..] = texts.as_slice() else { return None };
            return usage.split_whitespace().next().map(str::to_owned);
        }
        Name::Nested => {
            let name = arguments::first_text(text_of(arguments.at(0)?, call.text))?;
            return Some(name.to_owned());
        }
        Name::ClapVariants => return whole.contains("Subcommand").then(String::new),
        Name::ClapField => {
            let is_option = has_word(whole, "long") || has_word(whole, "short");
            return match assigned(whole, "long") {
                Some(name) => Some(format!("--{name}")),
                None if has_word(whole, "subcommand") || has_word(whole, "flatten") => None,
                None => Some(if is_option { "--".to_owned() } else { String::new() }),
            };
        }
        Name::Decorated => &["name"],
    };
    let mut texts = texts(arguments, named, call);
    let long = texts.iter().position(|text| text.contains("--"));
    let text = match long {
        Some(at) => texts.swap_remove(at),
        None => texts.into_iter().next().unwrap_or_default(),
    };
    let parts = || text.split(['/', ' ', ',', '=', '<', '[']).map(str::trim);
    let name = match parts().find(|part| part.starts_with("--")) {
        Some(long) => long,
        None => text.split_whitespace().next().unwrap_or_default(),
    };
    let is_right = match shape.name {
        Name::Option(_) => name.starts_with('-'),
        Name::Decorated => true,
        _ => !name.is_empty(),
    };
    is_right.then(|| name.to_owned())
}

fn texts(arguments: &Arguments<'_, '_>, named: &[&str], call: &Call<'_, '_>) -> Vec<String> {
    let mut texts: Vec<String> =
        arguments.positional().filter_map(|node| arguments::string(node, call.text)).collect();
    if let Some(node) = arguments.any_named(named) {
        texts.extend(arguments::strings(node, call.text));
    }
    texts
}

fn help(shape: &Shape, arguments: &Arguments<'_, '_>, call: &Call<'_, '_>) -> Option<String> {
    if shape.name == Name::ClapField {
        return assigned(text_of(call.arguments, call.text), "help");
    }
    let named = arguments
        .any_named(shape.help)
        .and_then(|node| arguments::strings(node, call.text).into_iter().next());
    let text = named.or_else(|| {
        if shape.help.first() != Some(&"") {
            return None;
        }
        let texts = texts(arguments, &[], call);
        texts.into_iter().skip(1).rfind(|text| !text.starts_with('-'))
    });
    text.map(|text| one_line(&text, 300)).filter(|text| !text.is_empty())
}

/// The text that a word is set to in a list of tokens: `env = "PORT"`.
pub(super) fn assigned(tokens: &str, word: &str) -> Option<String> {
    let after = tokens.match_indices(word).find_map(|(at, _)| {
        let before = tokens[..at].chars().next_back();
        let rest = tokens[at + word.len()..].trim_start();
        let is_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if is_word { rest.strip_prefix('=') } else { None }
    })?;
    let value = after.trim_start();
    value.starts_with('"').then(|| arguments::first_text(value).map(str::to_owned))?
}

fn has_word(tokens: &str, word: &str) -> bool {
    tokens.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// `dryRun` and `dry_run` are `dry-run`.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        match c {
            '_' => out.push('-'),
            _ if c.is_uppercase() && at > 0 => {
                if !out.ends_with('-') {
                    out.push('-');
                }
                out.extend(c.to_lowercase());
            }
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn first_line(doc: &str) -> Option<String> {
    doc.lines().next().map(|line| one_line(line, 300)).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_the_user_types() {
        assert_eq!(kebab("dry_run"), "dry-run");
        assert_eq!(kebab("AddRemote"), "add-remote");
        assert_eq!(assigned("(long, env = \"PORT\")", "env").as_deref(), Some("PORT"));
        assert_eq!(assigned("(long)", "long"), None);
    }
}
