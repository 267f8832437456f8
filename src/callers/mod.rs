//! `callers.yaml`: who may call and with which key. Every mistake is reported at the exact word.

mod edit;
mod keys;
mod list;
mod mask;
mod mismatches;
mod read;

pub use edit::{NewCaller, add, check_name, remove, rotate};
pub use keys::KEYS;
pub use list::{CallerRow, Callers};
pub use mismatches::mismatches;
