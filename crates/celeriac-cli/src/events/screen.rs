//! The terminal: takes it over, gives it back however the program ends.

use std::io::Stdout;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use celeriac::{Answers, App, AppError, JsonMap};
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::Show;
use ratatui_crossterm::crossterm::event::{self, Event as TerminalEvent};
use ratatui_crossterm::crossterm::execute;
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::cluster::Cluster;
use super::view::{Action, View};
use crate::error::CommandError;

/// The picture is drawn again after this time if something has happened.
const REDRAW: Duration = Duration::from_millis(200);
/// How long the keyboard is listened to before looking whether the end has come.
const LISTEN: Duration = Duration::from_millis(100);

/// Whether the terminal is in our hands.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Draws until the user has seen enough.
pub(super) async fn watch<S: Send + Sync + 'static>(
    app: &App<S>,
    has_colours: bool,
) -> Result<(), CommandError> {
    let mut events = app.events().await?;
    // Ctrl-C is a key like others while the terminal is ours; the signal may come from elsewhere.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminal = Taken::over()?;
    let mut keys = keyboard()?;
    let (answered, mut answers) = mpsc::channel::<Result<Answers, AppError>>(8);
    let mut cluster = Cluster::new(Instant::now());
    let mut view = View::new(has_colours);
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => {
                    cluster.learn(event, Instant::now());
                    continue;
                }
                None => return Err(CommandError::Failed("the broker has gone".to_owned())),
            },
            key = keys.recv() => match key {
                Some(TerminalEvent::Key(key)) => match view.press(key, &cluster) {
                    Action::Nothing => {}
                    Action::Quit => return Ok(()),
                    Action::Revoke(id) => {
                        let arguments = [("task_id", id.into()), ("terminate", false.into())];
                        send(app, "revoke", arguments, &answered);
                    }
                    Action::RateLimit(task, rate) => {
                        send(app, "rate_limit", [("task_name", task.into()), ("rate_limit", rate.into())], &answered);
                    }
                },
                Some(_) => {}
                None => return Ok(()),
            },
            Some(answer) = answers.recv() => match answer {
                Ok(answers) => view.show_answers(&answers),
                Err(error) => view.show_error(error),
            },
            _ = redraw.tick() => {}
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
            _ = hang_up.recv() => return Ok(()),
        }
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(CommandError::Failed(
                "a part of this program has panicked, as told above".to_owned(),
            ));
        }
        terminal.0.draw(|frame| view.draw(frame, &cluster, Instant::now()))?;
    }
}

/// Sends a command to all workers, and what they answer to `answered`.
fn send<S: Send + Sync + 'static>(
    app: &App<S>,
    method: &'static str,
    arguments: [(&str, serde_json::Value); 2],
    answered: &mpsc::Sender<Result<Answers, AppError>>,
) {
    let arguments: JsonMap = arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let (control, answered) = (app.control(), answered.clone());
    tokio::spawn(async move { drop(answered.send(control.call(method, arguments).await).await) });
}

/// What is typed. Reading the terminal blocks, so a thread does it; it ends when nobody listens any more.
fn keyboard() -> std::io::Result<mpsc::Receiver<TerminalEvent>> {
    let (typed, keys) = mpsc::channel(64);
    std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        while !typed.is_closed() {
            match event::poll(LISTEN) {
                Ok(true) => {
                    let Ok(event) = event::read() else { return };
                    if typed.blocking_send(event).is_err() {
                        return;
                    }
                }
                Ok(false) => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(keys)
}

/// The terminal in our hands. It is given back when this is dropped, and by a panic before its message is printed.
struct Taken(Terminal<CrosstermBackend<Stdout>>);

impl Taken {
    fn over() -> std::io::Result<Self> {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            hook(panic);
        }));
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        let taken = execute!(std::io::stdout(), EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(std::io::stdout())));
        if taken.is_err() {
            give_back();
        }
        Ok(Self(taken?))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as a shell expects it, once: a second time would move the cursor to where it was at the
/// beginning, and what was printed since would be overwritten. Nothing can be done about what fails.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        drop(execute!(std::io::stdout(), LeaveAlternateScreen, Show));
        drop(disable_raw_mode());
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::{Value, json};
    use test_servers::in_terminal;

    use super::*;

    #[test]
    #[ignore = "a part that another test runs in a terminal"]
    fn part_panics() {
        let _taken = Taken::over().unwrap();
        panic!("the ball is dropped");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "events::screen::tests::part_panics", "--ignored", "--nocapture"]);
        let ran: Value = serde_json::from_str(&in_terminal(&command, "[]")).unwrap();
        assert_eq!((&ran["code"], &ran["restored"]), (&json!(101), &json!(true)), "{ran}");
        let output = ran["output"].as_str().unwrap();
        let after: Vec<&str> = output.split("\u{1b}[?1049l").collect();
        assert!(output.contains("\u{1b}[?1049h") && after.len() == 2, "{output:?}");
        assert!(after[1].contains("the ball is dropped") && !after[0].contains("the ball"), "{output:?}");
    }
}
