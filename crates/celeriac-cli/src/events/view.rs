//! The picture, and what keys do.

use std::time::Instant;

use celeriac::{Answers, Timestamp};
use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::{Line, Span};
use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui_widgets::block::Block;
use ratatui_widgets::clear::Clear;
use ratatui_widgets::paragraph::{Paragraph, Wrap};
use ratatui_widgets::table::{Row, Table, TableState};

use super::cluster::{Cluster, TaskView};
use crate::python;

/// At most so many workers are shown.
const MAX_WORKER_ROWS: usize = 8;
/// From this width on the picture has all of a table, from the other one on most of it.
const WIDE: u16 = 100;
const MIDDLE: u16 = 76;
/// Longest rate that can be typed.
const MAX_INPUT: usize = 20;

/// What the program is to do after a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    Quit,
    /// Call the task with this id off.
    Revoke(String),
    /// Limit the rate of a task: its name, the rate.
    RateLimit(String, String),
}

/// What lies over the picture.
#[derive(Debug)]
enum Over {
    Text {
        title: String,
        body: String,
    },
    /// A rate for the task of this name is being typed.
    Rate {
        task: String,
        typed: String,
    },
}

#[derive(Debug, Default)]
pub(super) struct View {
    /// The id of the selected task.
    selected: Option<String>,
    over: Option<Over>,
    has_colours: bool,
}

impl View {
    pub(super) fn new(has_colours: bool) -> Self {
        Self { has_colours, ..Self::default() }
    }

    /// Shows what workers answered.
    pub(super) fn show_answers(&mut self, answers: &Answers) {
        let lines: Vec<String> = answers
            .iter()
            .map(|(node, answer)| {
                let told = answer.get("ok").or_else(|| answer.get("error")).unwrap_or(answer);
                format!("{node}: {}", python::str(told))
            })
            .collect();
        let body = if lines.is_empty() {
            "No replies received in 1s deadline.".to_owned()
        } else {
            lines.join("\n")
        };
        self.over = Some(Over::Text { title: "Replies".to_owned(), body });
    }

    /// Shows what went wrong.
    pub(super) fn show_error(&mut self, error: impl std::fmt::Display) {
        self.over = Some(Over::Text { title: "Error".to_owned(), body: error.to_string() });
    }

    pub(super) fn press(&mut self, key: KeyEvent, cluster: &Cluster) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::Nothing;
        }
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Action::Quit;
        }
        match self.over.take() {
            Some(Over::Rate { task, typed }) => return self.type_rate(key.code, task, typed),
            Some(Over::Text { .. }) => return Action::Nothing,
            None => {}
        }
        let selected = self.selected.as_deref().and_then(|uuid| cluster.task(uuid));
        match key.code {
            KeyCode::Char('q' | 'Q') => return Action::Quit,
            KeyCode::Down | KeyCode::Char('j' | 'J') => self.select(cluster, 1),
            KeyCode::Up | KeyCode::Char('k' | 'K') => self.select(cluster, -1),
            KeyCode::PageDown => self.select(cluster, 10),
            KeyCode::PageUp => self.select(cluster, -10),
            KeyCode::Home => self.select(cluster, isize::MIN),
            KeyCode::End => self.select(cluster, isize::MAX),
            KeyCode::Char('i' | 'I') | KeyCode::Enter => self.over = selected.map(info),
            KeyCode::Char('t' | 'T') => self.over = selected.and_then(traceback),
            KeyCode::Char('r' | 'R') => self.over = selected.map(result),
            KeyCode::Char('c' | 'C') => {
                if let Some(task) = selected {
                    return Action::Revoke(task.uuid.clone());
                }
            }
            KeyCode::Char('l' | 'L') => {
                self.over = selected
                    .filter(|task| !task.name.is_empty())
                    .map(|task| Over::Rate { task: task.name.clone(), typed: String::new() });
            }
            _ => {}
        }
        Action::Nothing
    }

    fn type_rate(&mut self, key: KeyCode, task: String, mut typed: String) -> Action {
        match key {
            KeyCode::Enter if !typed.is_empty() => return Action::RateLimit(task, typed),
            KeyCode::Enter | KeyCode::Esc => return Action::Nothing,
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(c) if !c.is_control() && typed.len() < MAX_INPUT => typed.push(c),
            _ => {}
        }
        self.over = Some(Over::Rate { task, typed });
        Action::Nothing
    }

    fn select(&mut self, cluster: &Cluster, by: isize) {
        let count = cluster.task_count();
        if count == 0 {
            return;
        }
        let to = match self.position(cluster) {
            None => 0,
            Some(position) => position.saturating_add_signed(by).min(count - 1),
        };
        self.selected = cluster.newest().nth(to).map(|task| task.uuid.clone());
    }

    fn position(&self, cluster: &Cluster) -> Option<usize> {
        let selected = self.selected.as_deref()?;
        cluster.newest().position(|task| task.uuid == selected)
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, cluster: &Cluster, now: Instant) {
        let worker_rows = cluster.workers.len().clamp(1, MAX_WORKER_ROWS);
        let [head, workers, tasks, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(u16::try_from(worker_rows).unwrap_or(1) + 2),
            Constraint::Min(3),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        let width = frame.area().width;
        frame.render_widget(self.head(cluster, now, width), head);
        frame.render_widget(self.workers(cluster, now, width), workers);
        self.tasks(frame, tasks, cluster);
        let help = if width < MIDDLE {
            "i:info t:trace r:result c:revoke q:quit"
        } else {
            "j:down k:up i:info t:traceback r:result c:revoke l:rate limit q:quit"
        };
        frame.render_widget(Paragraph::new(help).style(self.style(Style::new().fg(Color::DarkGray))), keys);
        if let Some(over) = &self.over {
            self.over(frame, over);
        }
    }

    fn head(&self, cluster: &Cluster, now: Instant, width: u16) -> Paragraph<'static> {
        let number = |text: String| Span::styled(text, Style::new().add_modifier(Modifier::BOLD));
        let rate = |rate: f64| number(format!("{rate:.1}/s"));
        let mut told = vec![Span::raw("events "), number(cluster.event_count.to_string())];
        if width >= MIDDLE {
            told.extend([Span::raw(" "), rate(cluster.events.per_second(now))]);
        }
        told.extend([Span::raw("  tasks "), number(cluster.task_count().to_string())]);
        if width >= MIDDLE {
            told.extend([Span::raw("  started "), rate(cluster.started.per_second(now))]);
            told.extend([Span::raw("  succeeded "), rate(cluster.succeeded.per_second(now))]);
        }
        told.extend([Span::raw("  failed "), rate(cluster.failed.per_second(now))]);
        Paragraph::new(Line::from(told))
    }

    fn workers(&self, cluster: &Cluster, now: Instant, width: u16) -> Table<'static> {
        let title = format!(" workers {}/{} online ", cluster.online(now), cluster.workers.len());
        let mut workers: Vec<_> = cluster.workers.iter().collect();
        workers.sort_by_key(|(_, worker)| !worker.is_online(now));
        let rows = workers.into_iter().take(MAX_WORKER_ROWS).map(|(name, worker)| {
            let (word, colour) =
                if worker.is_online(now) { ("online", Color::Green) } else { ("offline", Color::Red) };
            let cells = [
                name.clone(),
                word.to_owned(),
                format!("active {}", worker.active),
                format!("processed {}", worker.processed),
                worker.load.clone(),
                worker.software.clone(),
            ];
            Row::new(fitting(cells, COLUMNS_FROM, width)).style(self.style(Style::new().fg(colour)))
        });
        const COLUMNS_FROM: [u16; 6] = [0, 0, 0, MIDDLE, MIDDLE, WIDE];
        let widths = [
            Constraint::Fill(2),
            Constraint::Length(8),
            Constraint::Length(11),
            Constraint::Length(18),
            Constraint::Length(15),
            Constraint::Length(16),
        ];
        Table::new(rows, fitting(widths, COLUMNS_FROM, width)).block(Block::bordered().title(title))
    }

    fn tasks(&self, frame: &mut Frame<'_>, area: Rect, cluster: &Cluster) {
        const COLUMNS_FROM: [u16; 5] = [0, MIDDLE, 0, MIDDLE, 0];
        let (height, width) = (usize::from(area.height.saturating_sub(3)), area.width);
        let position = self.position(cluster);
        // Only what can be seen is made into rows: there may be thousands.
        let first = position.map_or(0, |position| position.saturating_sub(height / 2));
        let rows = cluster.newest().skip(first).take(height).map(|task| {
            let cells = [
                task.uuid.clone(),
                task.worker.clone(),
                task.name.clone(),
                Timestamp::from_unix_seconds(task.at).isoformat().get(11..19).unwrap_or_default().to_owned(),
                task.state.clone(),
            ];
            let style = self.style(Style::new().fg(colour(&task.state)));
            Row::new(fitting(cells, COLUMNS_FROM, width)).style(style)
        });
        let widths = [
            // The first characters of an id tell tasks apart; all of it is in what `i` shows.
            Constraint::Length(if width < WIDE { 8 } else { 36 }),
            Constraint::Fill(2),
            Constraint::Fill(3),
            Constraint::Length(8),
            Constraint::Length(9),
        ];
        let titles = fitting(["UUID", "WORKER", "TASK", "TIME", "STATE"], COLUMNS_FROM, width);
        let table = Table::new(rows, fitting(widths, COLUMNS_FROM, width))
            .header(Row::new(titles).style(Modifier::BOLD))
            .row_highlight_style(Modifier::REVERSED)
            .block(Block::bordered().title(" tasks "));
        let mut state = TableState::new().with_selected(position.map(|position| position - first));
        frame.render_stateful_widget(table, area, &mut state);
    }

    fn over(&self, frame: &mut Frame<'_>, over: &Over) {
        let (title, body) = match over {
            Over::Text { title, body } => (title.clone(), body.clone()),
            Over::Rate { task, typed } => (
                format!("New rate limit of {task}"),
                format!("{typed}_\n\nsuch as 10/m; Enter sets it, Esc leaves it"),
            ),
        };
        let area = frame.area();
        let [_, middle, _] =
            Layout::vertical([Constraint::Percentage(15), Constraint::Min(5), Constraint::Percentage(15)])
                .areas(area);
        let [_, place, _] =
            Layout::horizontal([Constraint::Percentage(10), Constraint::Min(20), Constraint::Percentage(10)])
                .areas(middle);
        frame.render_widget(Clear, place);
        let block = Block::bordered().title(format!(" {title} "));
        frame.render_widget(Paragraph::new(body).wrap(Wrap { trim: false }).block(block), place);
    }

    fn style(&self, style: Style) -> Style {
        if self.has_colours { style } else { Style::new() }
    }
}

/// The cells of the columns that there are at this width.
fn fitting<T, const N: usize>(cells: [T; N], from: [u16; N], width: u16) -> Vec<T> {
    cells.into_iter().zip(from).filter(|(_, from)| width >= *from).map(|(cell, _)| cell).collect()
}

fn colour(state: &str) -> Color {
    match state {
        "SUCCESS" => Color::Green,
        "FAILURE" | "REJECTED" => Color::Red,
        "REVOKED" | "CANCELLED" => Color::Magenta,
        "RETRY" => Color::Yellow,
        "STARTED" => Color::Cyan,
        _ => Color::Reset,
    }
}

fn info(task: &TaskView) -> Over {
    let mut lines = vec![
        format!("name: {}", task.name),
        format!("state: {}", task.state),
        format!("worker: {}", task.worker),
    ];
    lines.extend(
        task.fields
            .iter()
            .filter(|(name, _)| *name != "traceback")
            .map(|(name, value)| format!("{name}: {}", plain(value))),
    );
    Over::Text { title: format!("Task {}", task.uuid), body: lines.join("\n") }
}

fn traceback(task: &TaskView) -> Option<Over> {
    let traceback = task.fields.get("traceback")?;
    Some(Over::Text { title: format!("Traceback of {}", task.uuid), body: plain(traceback) })
}

fn result(task: &TaskView) -> Over {
    let told = task.fields.get("result").or_else(|| task.fields.get("exception"));
    let body = told.map_or_else(|| "no result yet".to_owned(), |text| plain(text));
    Over::Text { title: format!("Result of {}", task.uuid), body }
}

/// A text without what would move the cursor; lines stay.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ratatui_core::backend::TestBackend;
    use ratatui_core::terminal::Terminal;
    use serde_json::json;

    use super::super::cluster::tests::sample;
    use super::*;

    fn drawn(view: &View, cluster: &Cluster, now: Instant) -> String {
        drawn_on(100, 16, view, cluster, now)
    }

    fn drawn_on(width: u16, height: u16, view: &View, cluster: &Cluster, now: Instant) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view.draw(frame, cluster, now)).unwrap();
        terminal.backend().to_string()
    }

    fn press(view: &mut View, cluster: &Cluster, code: KeyCode) -> Action {
        view.press(KeyEvent::new(code, KeyModifiers::NONE), cluster)
    }

    #[test]
    fn the_picture_shows_rates_workers_and_tasks() {
        let now = Instant::now();
        insta::assert_snapshot!(drawn(&View::default(), &sample(now), now));
    }

    #[test]
    fn narrow_terminals_have_what_matters() {
        let now = Instant::now();
        let (cluster, view) = (sample(now), View::default());
        insta::assert_snapshot!("of_80_columns", drawn_on(80, 12, &view, &cluster, now));
        insta::assert_snapshot!("of_40_columns", drawn_on(40, 12, &view, &cluster, now));
    }

    #[test]
    fn any_size_can_be_drawn() {
        let now = Instant::now();
        let (cluster, mut view) = (sample(now), View::default());
        press(&mut view, &cluster, KeyCode::Char('j'));
        for key in [None, Some('i'), Some(' '), Some('l')] {
            key.map(|key| press(&mut view, &cluster, KeyCode::Char(key)));
            for width in [1, 2, 3, 8, 20, 39, 40, MIDDLE - 1, MIDDLE, WIDE - 1, WIDE, 200] {
                for height in [1, 2, 3, 5, 8, 13] {
                    drawn_on(width, height, &view, &cluster, now);
                }
            }
        }
    }

    #[test]
    fn keys_select_tasks_and_open_what_is_known_of_them() {
        let now = Instant::now();
        let (cluster, mut view) = (sample(now), View::default());
        assert_eq!(press(&mut view, &cluster, KeyCode::Char('c')), Action::Nothing);
        press(&mut view, &cluster, KeyCode::Char('j'));
        press(&mut view, &cluster, KeyCode::Char('t'));
        assert!(drawn(&view, &cluster, now).contains("ValueError: boom"));
        press(&mut view, &cluster, KeyCode::Esc);
        press(&mut view, &cluster, KeyCode::Down);
        press(&mut view, &cluster, KeyCode::Enter);
        let info = drawn(&view, &cluster, now);
        assert!(info.contains("runtime: 0.5") && info.contains("args: (1, 2)"), "{info}");
        press(&mut view, &cluster, KeyCode::Char('x'));
        let revoked = press(&mut view, &cluster, KeyCode::Char('c'));
        assert_eq!(revoked, Action::Revoke("00000000-0000-4000-8000-000000000001".to_owned()));
    }

    #[test]
    fn a_rate_is_typed_and_what_workers_answer_is_shown() {
        let now = Instant::now();
        let (cluster, mut view) = (sample(now), View::default());
        press(&mut view, &cluster, KeyCode::Char('j'));
        press(&mut view, &cluster, KeyCode::Char('l'));
        "9/mx".chars().for_each(|c| drop(press(&mut view, &cluster, KeyCode::Char(c))));
        press(&mut view, &cluster, KeyCode::Backspace);
        assert!(drawn(&view, &cluster, now).contains("9/m_"));
        let action = press(&mut view, &cluster, KeyCode::Enter);
        assert_eq!(action, Action::RateLimit("tasks.fail".to_owned(), "9/m".to_owned()));
        view.show_answers(&BTreeMap::from([("w1@lab".into(), json!({"error": "unknown task"}))]));
        assert!(drawn(&view, &cluster, now).contains("w1@lab: unknown task"));
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(view.press(quit, &cluster), Action::Quit);
    }
}
