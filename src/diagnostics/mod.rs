//! Problems in files that people edit: what is wrong, where, what to do about it, and how to display it.

pub mod file_access;
pub mod file_trust;
mod problem;
pub mod report;
mod standard_error;
mod system_users;

pub use problem::{Checked, Place, Problem, Severity, Spot};
pub use standard_error::write_stderr;
