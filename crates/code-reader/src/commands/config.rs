//! `config`: every setting, its value and where it comes from.

use analysis::List;
use serde::Serialize;

use crate::cli::JsonArgs;
use crate::config::{Config, Layers, Origin, SETTINGS};
use crate::error::CliError;
use crate::terminal;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    value: Option<String>,
    origin: Option<String>,
    help: &'static str,
}

/// Prints the settings, secrets masked; then says what is wrong with them, if anything is.
pub fn run(layers: &Layers, args: &JsonArgs) -> Result<u8, CliError> {
    let rows: Vec<Row> = SETTINGS
        .iter()
        .map(|setting| {
            let value = layers.get(setting.name);
            Row {
                name: setting.name,
                value: value.map(|value| match setting.secret {
                    true => "********".to_owned(),
                    // URLs of brokers and providers may hold a password.
                    false => celeriac::without_password(&value.text),
                }),
                origin: value.map(|value| value.origin.to_string()),
                help: setting.help,
            }
        })
        .collect();
    if args.json {
        terminal::print_json(&List::whole(rows))?;
    } else {
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                vec![
                    row.name.to_owned(),
                    row.value.clone().unwrap_or_else(|| "-".to_owned()),
                    row.origin
                        .clone()
                        .filter(|origin| *origin != Origin::Default.to_string())
                        .unwrap_or_default(),
                    row.help.to_owned(),
                ]
            })
            .collect();
        terminal::print(&terminal::table(&["setting", "value", "from", "what it does"], &cells))?;
    }
    if let Some(why) = Config::from_layers(layers)?.llm_incomplete {
        terminal::note(why);
    }
    Ok(0)
}
