//! `fake-llm`: the provider as a program.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fake_llm::{Config, FakeLlm, FaultRule, Latency, Limits, Structured};

/// A local OpenAI-compatible provider for tests and demos. It understands nothing: its answers are
/// made from the prompt by rules.
#[derive(Debug, Parser)]
#[command(name = "fake-llm", version)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port; 0 takes a free one. The first line on stdout is the base URL.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A model it knows; may be repeated.
    #[arg(long = "model", default_values_t = Config::default().models)]
    models: Vec<String>,
    /// The key that requests must bear.
    #[arg(long)]
    api_key: Option<String>,
    /// Requests per minute.
    #[arg(long)]
    rpm: Option<u64>,
    /// Tokens per minute.
    #[arg(long)]
    tpm: Option<u64>,
    /// Requests at once.
    #[arg(long)]
    max_concurrent: Option<usize>,
    /// How long answers take: fixed:S, uniform:FROM,TO or lognormal:MEDIAN,SIGMA in seconds.
    #[arg(long, default_value = "fixed:0")]
    latency: Latency,
    /// How many times faster than real its minutes and latencies pass.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// A fault: 500@rate=0.05, timeout@nth=3,7, wrong-schema*1@contains=TEXT; may be repeated.
    #[arg(long = "fault")]
    faults: Vec<FaultRule>,
    /// What it takes of response_format.
    #[arg(long, value_enum, default_value = "schema")]
    structured: Structured,
    /// The longest prompt in tokens.
    #[arg(long, default_value_t = 1_000_000)]
    context: u64,
    /// A file to append each request to, as JSON lines.
    #[arg(long)]
    log_file: Option<PathBuf>,
    /// Where the dice begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Arguments {
    fn config(self) -> Config {
        Config {
            listen: SocketAddr::new(self.host, self.port),
            models: self.models,
            api_key: self.api_key,
            limits: Limits {
                requests_per_minute: self.rpm,
                tokens_per_minute: self.tpm,
                max_concurrent: self.max_concurrent,
            },
            latency: self.latency,
            time_scale: self.time_scale,
            faults: self.faults,
            structured: self.structured,
            context_tokens: self.context,
            log_file: self.log_file,
            seed: self.seed,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "fake-llm: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let server = FakeLlm::start(arguments.config()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.base_url())?;
    out.flush()?;
    stop_signal().await?;
    server.stop().await;
    Ok(())
}

/// Returns at SIGTERM or Ctrl-C.
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
