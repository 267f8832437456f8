//! Problems in files that people edit: what is wrong, where, what to do about it, and how to display it.

pub mod file_access;
mod problem;
pub mod report;

pub use problem::{Checked, Place, Problem, Severity, Spot};
