//! Blanks out the attribute macros of C and C++ that no grammar can tell from types and names.
//!
//! `class EXPORT Name {`, `int ZEXPORT inflate(…)`, `void f() GUARDED_BY(mu) {` and `API_EXPORT int f();` parse as
//! something else or not at all. The macro is overwritten with spaces of the same length, for the parser only, so
//! that every place in the tree is a place in the text.

/// The text for the parser; `None` when nothing is to be blanked out.
pub(super) fn blanked(text: &str) -> Option<String> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut before = Before::Start;
    while let Some(token) = scanner.next() {
        if let Token::Word { start, end } = token
            && is_macro_name(&text[start..end])
        {
            let stop = scanner.after_call(end);
            if is_attribute_by_name(&text[start..end]) {
                spans.push((start, end));
                continue;
            }
            if is_attribute(before, text, &scanner, (start, end), stop) {
                spans.push((start, stop));
                scanner.at = stop;
                continue;
            }
        }
        before = Before::of(&token, text);
    }
    if spans.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for (start, end) in spans {
        for byte in bytes.get_mut(start..end).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    // Only whole words and balanced calls were overwritten, byte by byte: still UTF-8.
    String::from_utf8(bytes).ok()
}

/// What stands before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The start of a declaration or statement.
    Start,
    /// `class`, `struct`, `union`.
    TypeKeyword,
    /// The name of a type, `*`, `&` or `>`.
    TypeEnd,
    /// `)`.
    Closed,
    Other,
}

impl Before {
    fn of(token: &Token, text: &str) -> Before {
        match token {
            Token::Word { start, end } => match &text[*start..*end] {
                "class" | "struct" | "union" => Before::TypeKeyword,
                "return" | "else" | "case" | "new" | "goto" | "throw" | "delete" | "typename" | "sizeof"
                | "defined" | "operator" | "do" | "enum" | "typedef" | "using" => Before::Other,
                _ => Before::TypeEnd,
            },
            Token::Mark(b';' | b'{' | b'}') => Before::Start,
            Token::Mark(b'*' | b'&' | b'>') => Before::TypeEnd,
            Token::Mark(b')') => Before::Closed,
            Token::Directive => Before::Start,
            Token::Mark(_) => Before::Other,
        }
    }
}

/// `start..end` was a macro's name, `stop` is where its arguments end, if it has some.
fn is_attribute(
    before: Before,
    text: &str,
    scanner: &Scanner<'_>,
    (start, end): (usize, usize),
    stop: usize,
) -> bool {
    let next = scanner.peek(stop);
    if stop > end && matches!(before, Before::Closed | Before::TypeEnd) && is_annotation(&text[start..end]) {
        return true;
    }
    match before {
        Before::TypeKeyword => matches!(next, Some(Token::Word { .. })),
        Before::TypeEnd => match next {
            Some(Token::Word { end: after, .. }) if stop == end => {
                scanner.peek(after) == Some(Token::Mark(b'('))
            }
            _ => false,
        },
        Before::Closed => next == Some(Token::Mark(b'{')),
        Before::Start => match next {
            Some(Token::Word { start, end: after }) => {
                is_declaration_keyword(&text[start..after])
                    || matches!(scanner.peek(after), Some(Token::Word { .. }))
                    || (stop == end && matches!(scanner.peek(after), Some(Token::Mark(b'*' | b'&'))))
            }
            _ => false,
        },
        Before::Other => false,
    }
}

/// Macros behind a declaration that say which locks it needs, or what the compiler may assume: only such a name, with
/// arguments, is told from a call behind `if (x)`.
fn is_annotation(name: &str) -> bool {
    const WITHIN: &[&str] = &[
        "GUARDED_BY",
        "GUARDED_VAR",
        "ACQUIRED_",
        "LOCKS_REQUIRED",
        "LOCKS_EXCLUDED",
        "LOCK_RETURNED",
        "LOCK_FUNCTION",
        "REQUIRES",
        "EXCLUDES",
        "ATTRIBUTE",
        "DEPRECATED",
        "PRINTF_FORMAT",
        "FORMAT_PRINTF",
        "NONNULL",
    ];
    WITHIN.iter().any(|part| name.contains(part))
}

fn is_declaration_keyword(word: &str) -> bool {
    matches!(
        word,
        "static"
            | "inline"
            | "extern"
            | "const"
            | "void"
            | "int"
            | "char"
            | "unsigned"
            | "signed"
            | "long"
            | "short"
            | "float"
            | "double"
            | "bool"
            | "struct"
            | "class"
            | "union"
            | "enum"
            | "namespace"
            | "template"
            | "typedef"
            | "constexpr"
            | "auto"
            | "virtual"
            | "explicit"
            | "size_t"
            | "using"
    )
}

fn is_macro_name(word: &str) -> bool {
    word.len() >= 3
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && word.bytes().any(|b| b.is_ascii_uppercase())
        && !matches!(word, "FILE" | "DIR" | "BOOL" | "NULL" | "TRUE" | "FALSE" | "EOF")
}

/// Libraries hide words of the language, and attributes, behind macros that end with them.
fn is_attribute_by_name(word: &str) -> bool {
    ["_CONSTEXPR", "_NOEXCEPT", "_INLINE", "_NODISCARD", "_NORETURN"].iter().any(|end| word.ends_with(end))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Word {
        start: usize,
        end: usize,
    },
    Mark(u8),
    /// A preprocessor line.
    Directive,
}

/// Words and marks, without comments, strings and preprocessor lines.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => self.skip_line(),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'*') => {
                    let rest = &self.bytes[self.at + 2..];
                    self.at =
                        memchr::memmem::find(rest, b"*/").map_or(self.bytes.len(), |end| self.at + end + 4);
                }
                b'"' | b'\'' => {
                    self.skip_quoted(byte);
                    return Some(Token::Mark(byte));
                }
                b'#' => {
                    self.skip_line();
                    return Some(Token::Directive);
                }
                _ if is_word(byte) => {
                    let start = self.at;
                    while self.bytes.get(self.at).is_some_and(|byte| is_word(*byte)) {
                        self.at += 1;
                    }
                    return Some(Token::Word { start, end: self.at });
                }
                _ => {
                    self.at += 1;
                    return Some(Token::Mark(byte));
                }
            }
        }
    }

    fn peek(&self, at: usize) -> Option<Token> {
        Scanner { bytes: self.bytes, at }.next()
    }

    /// Behind the balanced parentheses that follow at once, or `at`.
    fn after_call(&self, at: usize) -> usize {
        const LONGEST: usize = 200;
        let window = &self.bytes[at..self.bytes.len().min(at + LONGEST)];
        if !window.starts_with(b"(") {
            return at;
        }
        let mut depth = 0_u32;
        for (offset, byte) in window.iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 1 => return at + offset + 1,
                b')' => depth -= 1,
                b'{' | b'}' | b';' => return at,
                _ => {}
            }
        }
        at
    }

    /// To the end of the line, and on when it ends with a backslash.
    fn skip_line(&mut self) {
        while let Some(end) = memchr::memchr(b'\n', &self.bytes[self.at..]) {
            let newline = self.at + end;
            self.at = newline + 1;
            let line = self.bytes[..newline].strip_suffix(b"\r").unwrap_or(&self.bytes[..newline]);
            if !line.ends_with(b"\\") {
                return;
            }
        }
        self.at = self.bytes.len();
    }

    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return,
                _ if *byte == quote => return,
                _ => {}
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(text: &str) -> String {
        let blanked = blanked(text).unwrap_or_else(|| text.to_owned());
        assert_eq!(blanked.len(), text.len());
        blanked.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn attribute_macros_are_blanked_out() {
        assert_eq!(squeezed("class SCOPED_LOCKABLE Lock {"), "class Lock {");
        assert_eq!(squeezed("int ZEXPORT inflate(strm)"), "int inflate(strm)");
        assert_eq!(squeezed("int f() LOCKS_EXCLUDED(mu_) { }"), "int f() { }");
        assert_eq!(squeezed("int n_ GUARDED_BY(mu_);"), "int n_ ;");
        assert_eq!(squeezed("bool f() const\n EXCLUSIVE_LOCKS_REQUIRED(mu);"), "bool f() const ;");
        assert_eq!(squeezed("API_EXPORT Status Open(int);"), "Status Open(int);");
        assert_eq!(squeezed("FMT_BEGIN_NAMESPACE\nnamespace a {"), "namespace a {");
        assert_eq!(
            squeezed("const char *what() const LOG_NOEXCEPT override;"),
            "const char *what() const override;"
        );
        assert_eq!(squeezed("LOG_CONSTEXPR source(const char *f);"), "source(const char *f);");
        assert_eq!(squeezed("struct ALIGNED(8) S { int a; };"), "struct S { int a; };");
    }

    #[test]
    fn types_calls_and_constants_stay() {
        for text in [
            "DWORD run(HANDLE h);",
            "if (x) RETURN_IF(y); else ABORT(z);",
            "return MAX_SIZE;",
            "#define EXPORT extern\nint a;",
            "char *s = \"class EXPORT Name\"; // int API f(x)",
            "struct FOO { int a; };",
            "SIZE_T n;",
        ] {
            assert_eq!(blanked(text), None, "{text}");
        }
    }
}
