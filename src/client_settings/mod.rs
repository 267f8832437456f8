//! Settings for the programs that people use: a row for each program, and texts made from a base URL, a key and models.
//!
//! Nothing here knows a terminal, a file or a socket, so that a command and a page can show the same text.

mod language;
pub mod merge;
mod offer;
mod places;
mod program;
mod registry;
mod template;

pub use language::Language;
pub use offer::{ClientOffer, OfferedModel};
pub use program::{ClientProgram, Launch, LaunchFolder, SettingsFile, SettingsPart, SpokenApi, VERSION};
pub use registry::{PROGRAMS, find};
pub use template::{filled, shell_quote};
