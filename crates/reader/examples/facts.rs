//! Prints the facts of every file of a folder as JSON lines: `facts FOLDER [--quiet]`.

use std::{path::Path, process::ExitCode, sync::atomic::AtomicBool, time::Instant};

use reader::{
    FileSink, SinkError,
    facts::FileFacts,
    scan::{ScanOptions, scan},
};

struct Printer {
    quiet: bool,
    symbols: usize,
}

impl FileSink for Printer {
    #[allow(clippy::print_stdout)]
    fn accept(&mut self, facts: FileFacts, _text: Option<String>) -> Result<(), SinkError> {
        self.symbols += facts.symbols.len();
        if !self.quiet {
            println!("{}", serde_json::to_string(&facts).map_err(SinkError::new)?);
        }
        Ok(())
    }
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: facts FOLDER [--quiet]");
        return ExitCode::from(2);
    };
    let mut printer = Printer { quiet: arguments.any(|argument| argument == "--quiet"), symbols: 0 };
    let start = Instant::now();
    let never = AtomicBool::new(false);
    match scan(Path::new(&folder), &ScanOptions::default(), &mut printer, &|_| {}, &never) {
        Ok(summary) => {
            eprintln!("{summary:?}, {} symbols, {:?}", printer.symbols, start.elapsed());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
