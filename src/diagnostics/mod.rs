//! Files that people edit: whether they can be read and trusted, what is wrong in them and where, and how people are told.

pub mod file_access;
pub mod file_trust;
mod problem;
pub mod report;
mod standard_error;
mod system_users;

pub use problem::{Checked, Place, Problem, Severity, Spot};
pub use standard_error::write_stderr;
