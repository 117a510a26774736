//! `report`: versions, platform and settings of this client, for a report of a fault.

use celeriac::App;

use crate::error::CommandError;
use crate::screen::Screen;

pub(crate) fn report<S: Send + Sync + 'static>(app: &App<S>, screen: &Screen) -> Result<(), CommandError> {
    Ok(screen.say(app.report())?)
}
