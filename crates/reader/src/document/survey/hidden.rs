//! Members that their type hides, where they are defined outside of it.

use std::collections::BTreeSet;

use super::Survey;
use crate::domain::{Language, Symbol};

impl Survey<'_> {
    /// Gathers what C++ types hide: definitions in other files do not say so.
    pub(super) fn load_hidden(&mut self) {
        let (mut hidden, mut shown) = (BTreeSet::new(), BTreeSet::new());
        for facts in &self.files {
            let may_declare =
                facts.file.language == Some(Language::Cpp) || facts.file.language == Some(Language::C);
            if !may_declare {
                continue;
            }
            let names: BTreeSet<&str> = facts.symbols.iter().map(|symbol| symbol.name.as_str()).collect();
            for symbol in &facts.symbols {
                let Some(owner) = owner_of(symbol).filter(|owner| names.contains(owner)) else { continue };
                let set = if symbol.exported { &mut shown } else { &mut hidden };
                set.insert((owner.to_owned(), symbol.name.clone()));
            }
        }
        // A type of the same name elsewhere may show it.
        self.hidden = hidden.difference(&shown).cloned().collect();
    }

    /// Whether a member that is defined outside of its type is hidden there.
    pub(crate) fn is_hidden_member(&self, symbol: &Symbol) -> bool {
        owner_of(symbol).is_some_and(|owner| self.hidden.contains(&(owner.to_owned(), symbol.name.clone())))
    }
}

/// The name of what a member belongs to; a definition outside of it need not name the namespace around.
pub(crate) fn owner_of(symbol: &Symbol) -> Option<&str> {
    symbol.parent.as_deref()?.rsplit('.').next()
}
