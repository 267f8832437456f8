//! Reads, cuts and writes JSON text without a value tree. No I/O; nothing here knows a route, a model or a socket.

pub mod crowded;
pub mod cut;
pub mod decimal;
pub mod document_end;
mod escape;
pub mod fields;
mod list;
pub mod mend;
mod number_lists;
pub mod overlay;
mod slim_body;
pub mod splice;
pub mod vector;

pub use escape::*;
pub use fields::Fields;
pub use list::push_list;
pub use mend::{mended, paired};
pub use number_lists::NumberLists;
pub use slim_body::SlimBody;
pub use vector::Vector;
