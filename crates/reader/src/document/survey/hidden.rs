//! Members that their type hides, where they are defined outside of it.

use std::collections::BTreeSet;

use super::Survey;
use crate::domain::{Language, Symbol};

impl Survey<'_> {
    /// Gathers what C++ types hide: definitions in other files do not say so.
    pub(super) fn load_hidden(&mut self) {
        let (mut hidden, mut shown) = (BTreeSet::new(), BTreeSet::new());
        for facts in &self.files {
            if !may_declare(facts.file.language) {
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

    /// Whether a member that is defined outside of its type is hidden there. Only C and C++ have such.
    pub(crate) fn is_hidden_member(&self, symbol: &Symbol) -> bool {
        let may_be = || self.at(&symbol.path).is_some_and(|at| may_declare(self.files[at].file.language));
        !self.hidden.is_empty()
            && owner_of(symbol)
                .is_some_and(|owner| self.hidden.contains(&(owner.to_owned(), symbol.name.clone())))
            && may_be()
    }
}

fn may_declare(language: Option<Language>) -> bool {
    matches!(language, Some(Language::Cpp | Language::C))
}

/// The name of what a member belongs to; a definition outside of it need not name the namespace around.
pub(crate) fn owner_of(symbol: &Symbol) -> Option<&str> {
    symbol.parent.as_deref()?.rsplit('.').next()
}
