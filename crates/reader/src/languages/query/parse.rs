//! Reads a query file.

use tree_sitter::Language;

use super::{Item, Kind, Pattern, Predicate, Quantifier, Query, Shape};

impl Query {
    /// Compiles `source`; the error says in which line what is wrong.
    pub(in super::super) fn new(language: &Language, source: &str) -> Result<Query, String> {
        let mut reader = Reader { source, at: 0, language, captures: Vec::new(), patterns: Vec::new() };
        reader.skip_space();
        while reader.at < source.len() {
            reader.pattern().map_err(|message| {
                let line = source[..reader.at.min(source.len())].matches('\n').count() + 1;
                format!("line {line}: {message}")
            })?;
        }
        let Reader { captures, patterns, .. } = reader;
        let mut by_kind = vec![Vec::new(); language.node_kind_count()];
        for (number, pattern) in (0..).zip(&patterns) {
            for root in &pattern.roots {
                let Kind::Is(kind) = root.kind else {
                    return Err(format!("pattern {number}: its outermost node must have a kind"));
                };
                let starting: &mut Vec<u16> = &mut by_kind[kind as usize];
                if starting.last() != Some(&number) {
                    starting.push(number);
                }
            }
        }
        Ok(Query { patterns, by_kind, captures })
    }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    language: &'a Language,
    captures: Vec<String>,
    patterns: Vec<Pattern>,
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn pattern(&mut self) -> Read<()> {
        let mut pattern = Pattern::default();
        let item = self.item(&mut pattern)?.ok_or("a predicate outside of a pattern")?;
        if item.quantifier != Quantifier::One {
            return Err("a pattern cannot be optional or repeated".to_owned());
        }
        pattern.roots = item.choices;
        self.patterns.push(pattern);
        Ok(())
    }

    /// A node, a choice or a group, with what stands behind it; `None` for a predicate.
    fn item(&mut self, pattern: &mut Pattern) -> Read<Option<Item>> {
        let mut item = match self.peek() {
            Some('[') => self.choice(pattern)?,
            Some('(') => {
                self.advance();
                match self.peek() {
                    Some('#') => {
                        self.predicate(pattern)?;
                        return Ok(None);
                    }
                    Some('(' | '[' | '"') => self.group(pattern)?,
                    _ => self.node(pattern)?,
                }
            }
            Some('"') => {
                let name = self.string()?;
                one(self.kind(&name, false)?)
            }
            _ => {
                let word = self.word()?;
                if word == "_" {
                    one(Kind::Any)
                } else {
                    self.expect(':')?;
                    let field = self.field(word)?;
                    let mut item = self.item(pattern)?.ok_or("a predicate behind a field's name")?;
                    item.choices.iter_mut().for_each(|shape| shape.field = field);
                    return Ok(Some(item));
                }
            }
        };
        self.suffixes(&mut item)?;
        let repeats = matches!(item.quantifier, Quantifier::Any | Quantifier::Some);
        if repeats
            && item.choices.iter().any(|shape| !shape.captures.is_empty() || !shape.children.is_empty())
        {
            return Err("what is repeated can have neither captures nor children".to_owned());
        }
        Ok(Some(item))
    }

    fn choice(&mut self, pattern: &mut Pattern) -> Read<Item> {
        self.expect('[')?;
        let mut choices = Vec::new();
        while self.peek() != Some(']') {
            let item = self.item(pattern)?.ok_or("a predicate inside of [ ]")?;
            if item.quantifier != Quantifier::One {
                return Err("a choice of [ ] cannot be optional or repeated".to_owned());
            }
            choices.extend(item.choices);
        }
        self.expect(']')?;
        Ok(Item { choices, quantifier: Quantifier::One, is_immediate: false, is_last: false })
    }

    /// Parentheses around one node and its predicates.
    fn group(&mut self, pattern: &mut Pattern) -> Read<Item> {
        let mut only = None;
        while self.peek() != Some(')') {
            if let Some(item) = self.item(pattern)?
                && only.replace(item).is_some()
            {
                return Err("a group of several nodes".to_owned());
            }
        }
        self.expect(')')?;
        only.ok_or_else(|| "an empty group".to_owned())
    }

    /// Behind the opening parenthesis of a named node.
    fn node(&mut self, pattern: &mut Pattern) -> Read<Item> {
        let kind = match self.word()? {
            "_" => Kind::Named,
            name => self.kind(name, true)?,
        };
        let mut shape =
            Shape { kind, field: 0, absent: Vec::new(), captures: Vec::new(), children: Vec::new() };
        let mut is_immediate = false;
        loop {
            match self.peek() {
                Some(')') => break self.advance(),
                Some('!') => {
                    self.advance();
                    let name = self.word()?;
                    shape.absent.push(self.field(name)?);
                }
                Some('.') => {
                    self.advance();
                    is_immediate = true;
                }
                _ => {
                    if let Some(item) = self.item(pattern)? {
                        shape.children.push(Item { is_immediate, ..item });
                        is_immediate = false;
                    }
                }
            }
        }
        if is_immediate {
            shape.children.last_mut().ok_or("an anchor without a node")?.is_last = true;
        }
        Ok(Item { choices: vec![shape], quantifier: Quantifier::One, is_immediate: false, is_last: false })
    }

    fn suffixes(&mut self, item: &mut Item) -> Read<()> {
        loop {
            match self.peek() {
                Some('?') => item.quantifier = Quantifier::Optional,
                Some('*') => item.quantifier = Quantifier::Any,
                Some('+') => item.quantifier = Quantifier::Some,
                Some('@') => {
                    self.advance();
                    let name = self.word()?;
                    let capture = self.capture(name)?;
                    item.choices.iter_mut().for_each(|shape| shape.captures.push(capture));
                    continue;
                }
                _ => return Ok(()),
            }
            self.advance();
        }
    }

    fn predicate(&mut self, pattern: &mut Pattern) -> Read<()> {
        self.expect('#')?;
        let from = self.at;
        self.word()?;
        if let Some('?' | '!') = self.peek() {
            self.advance();
        }
        let name = self.source[from..self.at].trim_end();
        let mut arguments = Vec::new();
        while self.peek() != Some(')') {
            arguments.push(match self.peek() {
                Some('@') => {
                    self.advance();
                    let name = self.word()?;
                    Argument::Capture(self.capture(name)?)
                }
                Some('"') => Argument::Text(self.string()?),
                _ => Argument::Text(self.word()?.to_owned()),
            });
        }
        self.expect(')')?;
        match (name, arguments.as_slice()) {
            ("set!", [Argument::Text(key), Argument::Text(value)]) => {
                pattern.settings.push((key.clone(), value.clone()));
            }
            _ => pattern.predicates.push(Predicate::new(name, &arguments)?),
        }
        Ok(())
    }

    fn capture(&mut self, name: &str) -> Read<u16> {
        let known = self.captures.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.captures.push(name.to_owned());
            self.captures.len() - 1
        });
        u16::try_from(at).map_err(|_| "too many captures".to_owned())
    }

    fn kind(&self, name: &str, is_named: bool) -> Read<Kind> {
        match self.language.id_for_node_kind(name, is_named) {
            0 => Err(format!("the grammar has no node {name:?}")),
            kind if self.language.node_kind_is_supertype(kind) => {
                Err(format!("{name:?} is a group of kinds: name the kinds that are meant"))
            }
            kind => Ok(Kind::Is(kind)),
        }
    }

    fn field(&self, name: &str) -> Read<u16> {
        let field = self.language.field_id_for_name(name).map(u16::from);
        field.ok_or_else(|| format!("the grammar has no field {name:?}"))
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    /// Over the character that was peeked at, and over space and comments.
    fn advance(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
        self.skip_space();
    }

    fn skip_space(&mut self) {
        loop {
            let rest = &self.source[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            if !self.source[self.at..].starts_with(';') {
                return;
            }
            self.at += self.source[self.at..].find('\n').unwrap_or(self.source.len() - self.at);
        }
    }

    fn expect(&mut self, wanted: char) -> Read<()> {
        if self.peek() != Some(wanted) {
            return Err(format!("expected `{wanted}`"));
        }
        self.advance();
        Ok(())
    }

    fn word(&mut self) -> Read<&'a str> {
        let rest = &self.source[self.at..];
        let is_end = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let end = rest.find(is_end).unwrap_or(rest.len());
        if end == 0 {
            return Err("expected a name".to_owned());
        }
        self.at += end;
        self.skip_space();
        Ok(&rest[..end])
    }

    /// A string in quotes.
    fn string(&mut self) -> Read<String> {
        let mut text = String::new();
        let mut characters = self.source[self.at..].char_indices().skip(1);
        while let Some((offset, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    self.skip_space();
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, c)) => text.push(c),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err("a string without an end".to_owned())
    }
}

/// What a predicate is told.
pub(super) enum Argument {
    Capture(u16),
    Text(String),
}

fn one(kind: Kind) -> Item {
    let shape = Shape { kind, field: 0, absent: Vec::new(), captures: Vec::new(), children: Vec::new() };
    Item { choices: vec![shape], quantifier: Quantifier::One, is_immediate: false, is_last: false }
}
