//! Blocks, one below the other.

use super::inline::longest_run;

/// A document that is written from the top down.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// A heading; `title` is Markdown.
    pub fn heading(&mut self, level: usize, title: &str) {
        self.block(&format!("{} {title}", "#".repeat(level.clamp(1, 6))));
    }

    /// A paragraph of Markdown.
    pub fn paragraph(&mut self, markdown: &str) {
        if !markdown.trim().is_empty() {
            self.block(markdown);
        }
    }

    /// A quoted note.
    pub fn note(&mut self, markdown: &str) {
        self.block(&format!("> {markdown}"));
    }

    /// A list of Markdown lines.
    pub fn list(&mut self, items: &[String]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// A numbered list of Markdown lines.
    pub fn steps(&mut self, items: &[String]) {
        let lines: Vec<String> =
            items.iter().zip(1..).map(|(item, number)| format!("{number}. {item}")).collect();
        if !lines.is_empty() {
            self.block(&lines.join("\n"));
        }
    }

    /// A table of Markdown cells; a short row is filled up, one without a row is left out.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let mut text = row(header.iter().copied(), header.len());
        text.push_str(&format!("\n|{}", " --- |".repeat(header.len())));
        for cells in rows {
            text.push('\n');
            text.push_str(&row(cells.iter().map(String::as_str), header.len()));
        }
        self.block(&text);
    }

    /// A fenced block that the text cannot end.
    pub fn fenced(&mut self, language: &str, text: &str) {
        let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
        let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
        self.block(&format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n')));
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The text, ended by a newline.
    pub fn finish(self) -> String {
        self.out
    }

    /// Everything that another writer holds, after this.
    pub fn append(&mut self, other: Self) {
        if !other.is_empty() {
            self.block(other.out.trim_end_matches('\n'));
        }
    }

    fn block(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn row<'a>(cells: impl Iterator<Item = &'a str>, columns: usize) -> String {
    let mut cells: Vec<String> = cells.map(cell).collect();
    cells.resize(columns, String::new());
    format!("| {} |", cells.join(" | "))
}

/// Pipes that are not escaped yet would end the cell.
fn cell(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 4);
    let mut backslashes = 0;
    for c in markdown.chars() {
        if c == '|' && backslashes % 2 == 0 {
            out.push('\\');
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}
