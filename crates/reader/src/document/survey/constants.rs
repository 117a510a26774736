//! Paths of routes that stand behind constants: `router.get(USER_PATH, show)`.

use std::collections::{BTreeSet, HashMap};

use super::{DocumentError, Survey};

/// What so many files define is no constant that stands alone.
const MOST_PLACES: usize = 100;

/// The files that define a name.
type Places = HashMap<String, BTreeSet<usize>>;

impl Survey<'_> {
    /// Puts the texts of constants into the paths of routes. What names no constant with a path is no route: any table
    /// has a `get`.
    pub(super) fn load_route_paths(&mut self) -> Result<(), DocumentError> {
        let mut alone = HashMap::new();
        let places = self.places_of_constants();
        for at in 0..self.files.len() {
            if !self.files[at].routes.iter().any(|route| names_in(&route.path).next().is_some()) {
                continue;
            }
            let mut near = HashMap::new();
            let mut routes = std::mem::take(&mut self.files[at].routes);
            for route in &mut routes {
                let mut path = route.path.clone();
                for name in names_in(&route.path) {
                    if !near.contains_key(name) {
                        let text = self.text_of_constant(at, name, &places, &mut alone)?;
                        near.insert(name.to_owned(), text);
                    }
                    if let Some(text) = near.get(name).and_then(Option::as_ref) {
                        path = with_text(&path, name, text);
                    }
                }
                route.path = path;
            }
            routes.retain(|route| !is_key(&route.path));
            self.files[at].routes = routes;
        }
        Ok(())
    }

    /// Where the parts of the names in routes are defined.
    fn places_of_constants(&self) -> Places {
        let names = self.files.iter().flat_map(|facts| &facts.routes).flat_map(|route| names_in(&route.path));
        let mut places: Places =
            names.flat_map(parts).map(|part| (part.to_owned(), BTreeSet::new())).collect();
        if places.is_empty() {
            return places;
        }
        for (at, facts) in self.files.iter().enumerate() {
            for symbol in &facts.symbols {
                if let Some(files) = places.get_mut(&symbol.name) {
                    files.insert(at);
                }
            }
        }
        places
    }

    /// The path that a constant stands for: one of the file, one that it imports, or the only one of that name, which
    /// `alone` remembers.
    fn text_of_constant(
        &self,
        at: usize,
        name: &str,
        places: &Places,
        alone: &mut HashMap<String, Option<String>>,
    ) -> Result<Option<String>, DocumentError> {
        let defining: Vec<&BTreeSet<usize>> = parts(name).filter_map(|part| places.get(part)).collect();
        let imported = self.imports_of(at).map(|link| link.to);
        for near in std::iter::once(at).chain(imported) {
            if defining.iter().any(|files| files.contains(&near))
                && let Some(text) = self.text_in(near, name)?
            {
                return Ok(Some(text));
            }
        }
        if let Some(known) = alone.get(name) {
            return Ok(known.clone());
        }
        let others: BTreeSet<usize> =
            defining.into_iter().flatten().copied().filter(|other| self.is_source(*other)).collect();
        let mut texts = BTreeSet::new();
        if others.len() <= MOST_PLACES {
            for other in others {
                texts.extend(self.text_in(other, name)?);
            }
        }
        let only = texts.pop_first().filter(|_| texts.is_empty());
        alone.insert(name.to_owned(), only.clone());
        Ok(only)
    }

    /// The text that a file gives to a name, in the definition of one of its parts.
    fn text_in(&self, at: usize, name: &str) -> Result<Option<String>, DocumentError> {
        let (Some(facts), Some(last)) = (self.files.get(at), parts(name).last()) else { return Ok(None) };
        let holds = |own: &str| parts(name).any(|part| part == own);
        let mut lines = facts.symbols.iter().filter(|symbol| holds(&symbol.name)).map(|s| s.lines).peekable();
        if lines.peek().is_none() {
            return Ok(None);
        }
        let Some(source) = self.kb.source(&facts.file.path)? else { return Ok(None) };
        Ok(lines.find_map(|lines| {
            let count = lines.end_line.saturating_sub(lines.start_line) + 1;
            let own = source.lines().skip(lines.start_line.saturating_sub(1) as usize).take(count as usize);
            own.filter_map(|line| text_given(line, last)).next().map(str::to_owned)
        }))
    }
}

/// `A` and `B` of `A.B` or `A::B`.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', ':']).filter(|part| !part.is_empty())
}

/// `A.B` of `/api/<A.B>`, where that is how a constant is written.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('<').skip(1).filter_map(move |rest| {
        let (name, _) = rest.split_once('>')?;
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || "_.:$".contains(c));
        let is_constant = path.starts_with('<')
            || name.starts_with(char::is_uppercase)
            || name.contains('.')
            || name.contains("::");
        (is_name && is_constant).then_some(name)
    })
}

/// Whether a path ends with a name that is the key of some table, below the prefix of a router or alone.
fn is_key(path: &str) -> bool {
    let Some((before, last)) = path.rsplit_once('<') else { return false };
    let is_last = last.ends_with('>') && names_in(path).last() == last.strip_suffix('>');
    path.starts_with('<') || (is_last && before != "/")
}

fn with_text(path: &str, name: &str, text: &str) -> String {
    let (before, after) = path.split_once(&format!("<{name}>")).unwrap_or((path, ""));
    format!("{}{text}{after}", before.trim_end_matches('/'))
}

/// The path of `name: "/path"` or `NAME = "/path"` in a line.
fn text_given<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let after = line.match_indices(name).find_map(|(at, _)| {
        let rest = &line[at + name.len()..];
        (!line[..at].ends_with(is_word) && !rest.starts_with(is_word)).then_some(rest)
    })?;
    let (between, rest) = after.split_at(after.find(['"', '\'', '`'])?);
    let is_given = between.contains(['=', ':']) && !between.contains(['(', ',']);
    let quote = rest.chars().next()?;
    let text = rest.get(1..)?.split(quote).next()?;
    (is_given && text.starts_with('/')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_that_is_given_to_the_name_is_its_text() {
        assert_eq!(text_given("const USERS: &str = \"/users\";", "USERS"), Some("/users"));
        assert_eq!(text_given("  tags: '/-/tags/:tag',", "tags"), Some("/-/tags/:tag"));
        assert_eq!(text_given("const USERS = join(\"/users\")", "USERS"), None);
        assert_eq!(text_given("const ALL_USERS = \"/users\"", "USERS"), None);
        assert_eq!(text_given("const USERS = \"users\"", "USERS"), None);
        assert_eq!(with_text("/api/<A.B>", "A.B", "/x"), "/api/x");
        assert_eq!(names_in("/<int:id>/<name>").next(), None);
        assert_eq!(names_in("/<settings.API>/<Users>/<id>").collect::<Vec<_>>(), ["settings.API", "Users"]);
    }

    #[test]
    fn a_key_of_a_table_is_no_path() {
        assert!(is_key("<KEY>"));
        assert!(is_key("/users/<KEY>"));
        assert!(!is_key("/<settings.API>"));
        assert!(!is_key("/<settings.API>/users"));
        assert!(!is_key("/users/<id>"));
    }
}
