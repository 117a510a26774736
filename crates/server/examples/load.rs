//! An open-loop load generator: asks at a fixed rate, whether the answers come or not, and tells how long they took.
//!
//! ```text
//! load 127.0.0.1:8000 200 /api/v1/analyses /healthz
//! ```
//!
//! Asks 200 times a second, the paths in turn, until its standard input is closed, then prints one line of JSON. An
//! answer's time counts from the moment at which the question was due, so a server that stands still is charged for all
//! the questions of that time. Threads with blocking sockets, for a generator that needs the processor competes with
//! what it measures.

#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Connections, kept alive; so many answers may be outstanding before questions are asked late.
const CONNECTIONS: usize = 32;

struct Load {
    address: String,
    paths: Vec<String>,
    every: Duration,
    begun: Instant,
    next: AtomicU64,
    is_over: AtomicBool,
    /// Microseconds, with the number of the path.
    times: Mutex<Vec<(u64, usize)>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(rate)) = (arguments.next(), arguments.next()) else {
        return Err("usage: load HOST:PORT QUESTIONS_PER_SECOND PATH...".into());
    };
    let paths: Vec<String> = arguments.collect();
    if paths.is_empty() {
        return Err("name at least one path".into());
    }
    let load = Arc::new(Load {
        address,
        paths,
        every: Duration::from_secs_f64(1.0 / rate.parse::<f64>()?),
        begun: Instant::now(),
        next: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        times: Mutex::default(),
    });
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let load = load.clone();
            std::thread::spawn(move || load.ask().map_err(|error| error.to_string()))
        })
        .collect();
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    load.is_over.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| "a connection's thread panicked")??;
    }
    let times = load.times.lock().map_err(|_| "a connection's thread panicked")?;
    let all: Vec<u64> = times.iter().map(|(micros, _)| *micros).collect();
    let mut report = vec![format!("\"all\": {}", percentiles(all))];
    for (number, path) in load.paths.iter().enumerate() {
        let own: Vec<u64> =
            times.iter().filter(|(_, path)| *path == number).map(|(micros, _)| *micros).collect();
        report.push(format!("{path:?}: {}", percentiles(own)));
    }
    println!("{{{}}}", report.join(", "));
    Ok(())
}

impl Load {
    fn ask(&self) -> Result<(), Box<dyn Error>> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut body = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = self.begun + self.every.mul_f64(number as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if self.is_over.load(Ordering::Relaxed) {
                return Ok(());
            }
            let which = number as usize % self.paths.len();
            let path = &self.paths[which];
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).as_bytes())?;
            read_answer(&mut answers, &mut body).map_err(|error| format!("GET {path}: {error}"))?;
            let micros = due.elapsed().as_micros() as u64;
            self.times.lock().map_err(|_| "another thread panicked")?.push((micros, which));
        }
    }
}

/// Reads one answer, whose length the server names, and sees that it is a good one.
fn read_answer(answers: &mut impl BufRead, body: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = None;
    loop {
        line.clear();
        if answers.read_line(&mut line)? == 0 {
            return Err("the connection was closed".into());
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    body.resize(length.ok_or("an answer without a length")?, 0);
    answers.read_exact(body)?;
    if status == "200" { Ok(()) } else { Err(format!("status {status}").into()) }
}

fn percentiles(mut micros: Vec<u64>) -> String {
    micros.sort_unstable();
    let at = |share: f64| {
        let index = ((micros.len() as f64 * share) as usize).min(micros.len().saturating_sub(1));
        micros.get(index).copied().unwrap_or_default() as f64 / 1000.0
    };
    format!(
        "{{\"count\": {}, \"p50\": {}, \"p90\": {}, \"p99\": {}, \"p999\": {}, \"max\": {}}}",
        micros.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0)
    )
}
