//! The capture names of the query files, as the engine sees them.

use super::{query::Query, sections::Section};
use crate::domain::SymbolKind;

/// What a capture says of the node it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Definition(SymbolKind),
    Name,
    Body,
    Parent,
    Exported,
    Scope,
    Wrapper {
        exported: bool,
    },
    Attribute,
    Comment,
    Doc,
    Section(Section),
    HiddenName,
    ExportName,
    ExportWhole,
    ImportModule,
    ImportName,
    ImportAlias,
    ImportDefault,
    ImportWildcard,
    ImportReexport,
    ImportTypes,
    ImportRelative,
    ImportTree,
    TypesRegion,
    Call,
    Qualifier,
    Arguments,
    Inherit,
    Reference,
    Setting,
    SettingDefault,
    Route,
    RouteMethod,
    RouteHandler,
    Command,
    CommandHelp,
    CommandOf,
    Entry,
    EntryFile,
    /// For predicates only.
    Unseen,
}

/// The roles of a query's captures, by capture index; the name of an unknown one is the error.
pub(super) fn roles(query: &Query) -> Result<Vec<Role>, String> {
    query.capture_names().iter().map(|name| role(name).ok_or_else(|| name.clone())).collect()
}

fn role(name: &str) -> Option<Role> {
    if name.starts_with('_') {
        return Some(Role::Unseen);
    }
    if let Some(kind) = name.strip_prefix("definition.") {
        return symbol_kind(kind).map(Role::Definition);
    }
    Some(match name {
        "name" => Role::Name,
        "body" => Role::Body,
        "parent" => Role::Parent,
        "exported" => Role::Exported,
        "scope" => Role::Scope,
        "wrapper" => Role::Wrapper { exported: false },
        "wrapper.exported" => Role::Wrapper { exported: true },
        "attribute" => Role::Attribute,
        "comment" => Role::Comment,
        "doc" => Role::Doc,
        "section.shown" => Role::Section(Section::Shown),
        "section.hidden" => Role::Section(Section::Hidden),
        "section.hidden_methods" => Role::Section(Section::HiddenMethods),
        "hidden.name" => Role::HiddenName,
        "export.name" => Role::ExportName,
        "export.whole" => Role::ExportWhole,
        "import.module" => Role::ImportModule,
        "import.name" => Role::ImportName,
        "import.alias" => Role::ImportAlias,
        "import.default" => Role::ImportDefault,
        "import.wildcard" => Role::ImportWildcard,
        "import.reexport" => Role::ImportReexport,
        "import.types" => Role::ImportTypes,
        "import.relative" => Role::ImportRelative,
        "import.tree" => Role::ImportTree,
        "region.types" => Role::TypesRegion,
        "call" => Role::Call,
        "qualifier" => Role::Qualifier,
        "arguments" => Role::Arguments,
        "inherit" => Role::Inherit,
        "reference" => Role::Reference,
        "setting" => Role::Setting,
        "setting.default" => Role::SettingDefault,
        "route" => Role::Route,
        "route.method" => Role::RouteMethod,
        "route.handler" => Role::RouteHandler,
        "command" => Role::Command,
        "command.help" => Role::CommandHelp,
        "command.of" => Role::CommandOf,
        "entry" => Role::Entry,
        "entry.file" => Role::EntryFile,
        _ => return None,
    })
}

fn symbol_kind(name: &str) -> Option<SymbolKind> {
    Some(match name {
        "class" => SymbolKind::Class,
        "struct" => SymbolKind::Struct,
        "enum" => SymbolKind::Enum,
        "interface" => SymbolKind::Interface,
        "trait" => SymbolKind::Trait,
        "function" => SymbolKind::Function,
        "method" => SymbolKind::Method,
        "module" => SymbolKind::Module,
        "constant" => SymbolKind::Constant,
        "variable" => SymbolKind::Variable,
        "field" => SymbolKind::Field,
        "type" => SymbolKind::Type,
        "table" => SymbolKind::Table,
        _ => return None,
    })
}
