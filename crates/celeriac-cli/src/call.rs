//! `call`: sends a task by its name.

use celeriac::{App, Signature, Timestamp};
use clap::Args;
use serde_json::Value;

use crate::error::CommandError;
use crate::screen::Screen;

/// `call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The task, such as tasks.add.
    pub name: String,
    /// Positional arguments, a JSON array.
    #[arg(long, short = 'a', default_value = "[]", value_name = "JSON", value_parser = array)]
    pub args: Value,
    /// Keyword arguments, a JSON object.
    #[arg(long, short = 'k', default_value = "{}", value_name = "JSON", value_parser = object)]
    pub kwargs: Value,
    /// Run not before this moment (ISO 8601).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub eta: Option<Timestamp>,
    /// Run not before so many seconds have passed.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = number)]
    pub countdown: Option<f64>,
    /// Do not run after this moment (ISO 8601), or after so many seconds.
    #[arg(long, value_name = "TIME|SECONDS", allow_negative_numbers = true)]
    pub expires: Option<String>,
    /// How the message is written; JSON is the one that is safe.
    #[arg(long, default_value = "json", value_parser = ["json"])]
    pub serializer: String,
    /// The queue.
    #[arg(long)]
    pub queue: Option<String>,
    /// 0 is the most urgent, 9 the least.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=9))]
    pub priority: Option<u8>,
    /// The exchange: only the default one, which delivers to the queue of the routing key.
    #[arg(long, hide = true)]
    pub exchange: Option<String>,
    /// The routing key, which is the queue.
    #[arg(long, conflicts_with = "queue")]
    pub routing_key: Option<String>,
}

pub(crate) async fn call<S: Send + Sync + 'static>(
    app: &App<S>,
    args: CallArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let sent = app.send_signature(signature(args)?).await?;
    Ok(screen.say(sent.id())?)
}

fn signature(args: CallArgs) -> Result<Signature, CommandError> {
    if args.name.is_empty() || args.name.contains(char::is_control) {
        return Err(CommandError::Usage(format!("{:?} is no name of a task", args.name)));
    }
    let mut signature = Signature::new(args.name);
    if let Value::Array(positional) = args.args {
        signature.args = positional;
    }
    if let Value::Object(named) = args.kwargs {
        signature.kwargs = named;
    }
    let queue = args.queue.or(args.routing_key);
    if let Some(exchange) = args.exchange.filter(|name| !name.is_empty() && queue.as_ref() != Some(name)) {
        let text = format!("tasks go to queues by name here, not to the exchange {exchange:?}: use --queue");
        return Err(CommandError::Usage(text));
    }
    if let Some(queue) = queue {
        signature = signature.option("queue", queue);
    }
    if let Some(priority) = args.priority {
        signature = signature.option("priority", priority);
    }
    if let Some(eta) = args.eta {
        signature = signature.option("eta", eta.isoformat());
    }
    if let Some(countdown) = args.countdown {
        signature = signature.option("countdown", countdown);
    }
    if let Some(expires) = args.expires {
        let expires: Value = match expires.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() => seconds.into(),
            _ => moment(&expires).map_err(CommandError::Usage)?.isoformat().into(),
        };
        signature = signature.option("expires", expires);
    }
    Ok(signature)
}

fn array(text: &str) -> Result<Value, String> {
    let value: Value = celeriac::json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    if value.is_array() { Ok(value) } else { Err(format!("{text} was not an array")) }
}

fn object(text: &str) -> Result<Value, String> {
    let value: Value = celeriac::json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    if value.is_object() { Ok(value) } else { Err(format!("{text} was not an object")) }
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "a number of seconds is expected".to_owned())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        call: CallArgs,
    }

    #[test]
    fn what_no_worker_could_run_is_not_sent() {
        let parse = |words: &[&str]| Program::try_parse_from([&["call"], words].concat());
        for words in [["t", "--countdown", "NaN"], ["t", "--countdown", "-1e400"], ["t", "--eta", "soon"]] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
        for words in [&["t", "--expires", "inf"][..], &[""], &["a\nb"]] {
            assert!(signature(parse(words).unwrap().call).is_err(), "{words:?}");
        }
        assert!(signature(parse(&["t", "--expires", "-5", "--countdown", "-1"]).unwrap().call).is_ok());
    }
}
