//! Which files say what is served, when each of them is read, and what they make the proxy serve. Commands, reloads and tests load
//! through this module only.

mod callers;
mod certificate;
mod compile;
mod file_reader;
mod files;
mod fixed_settings;
mod kept_lists;
mod live;
mod origin;
mod seal;
mod seen_file;
mod state_place;
mod table_file;

pub use callers::path as callers_path;
pub use compile::{Needs, ReadBeside, both};
pub use file_reader::FileReader;
pub use files::{FilePaths, Loaded, load, load_config, load_or_defaults, load_or_defaults_with, load_with, table_only};
pub use fixed_settings::FixedSettings;
pub use kept_lists::KeptLists;
pub use live::{access, live, live_as};
pub use origin::{Demo, Origin};
pub use seen_file::SeenFile;
pub use state_place::{absolute, config_number, made_by_systemd};
pub use table_file::WorkingDirectory;

/// Returns a variable of the process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
