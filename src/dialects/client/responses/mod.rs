//! OpenAI's Responses, `/v1/responses`: requests that are lists of items, and replies whose items are opened and closed one by one.
//!
//! What is read is read leniently: a field, an item or a tool that is not known refuses no request that can be served. What is
//! written is complete: clients drop what an event of the life of an item is missing for.

mod echo;
mod encoder;
mod endpoint;
mod errors;
mod events;
mod fields;
mod images;
mod input;
mod items;
mod names;
mod parts;
mod pulse;
mod relay;
mod sealer;
mod tools;
mod turns;
mod usage;

pub use endpoint::{ResponsesChat, ResponsesRequest};
pub use errors::ResponsesClient;
pub use fields::ResponsesFields;
pub use images::find as find_images;
pub use sealer::Sealer;
