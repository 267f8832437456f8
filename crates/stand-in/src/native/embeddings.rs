//! `/v1/embeddings`: the vectors of the legacy endpoint in OpenAI's shape, with usage. No answer of ARGO's is public.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::caller::Caller;
use crate::content::string;
use crate::defect::Defect;
use crate::embed::{self, MOST_STRINGS};
use crate::prompts::{self, Case, Endpoint};
use crate::reply::Reply;
use crate::server::StandIn;
use crate::violation::{Place, Violation, Violations};

use super::answer::tokens;
use super::body::NativeBody;
use super::chat::Chat;
use super::dialect::Dialect as _;
use super::refusal::Refusal;
use super::{model, user};

/// Returns the answer to the body of an embeddings call.
pub(crate) fn answer(stand_in: &StandIn, caller: Caller<'_>, body: &[u8]) -> Reply {
    let read = match NativeBody::parse(body) {
        Ok(read) => read,
        Err(violations) => return violations.reply(),
    };
    let mut violations = Violations::default();
    let model = read.model(&mut violations);
    let texts = texts(read.input, &mut violations);
    if !violations.is_empty() {
        return violations.reply();
    }
    respond(stand_in, caller, &read, &texts, &model).unwrap_or_else(|refusal| Chat.refuse(&refusal))
}

fn respond(
    stand_in: &StandIn,
    caller: Caller<'_>,
    read: &NativeBody<'_>,
    texts: &[Cow<'_, str>],
    name: &str,
) -> Result<Reply, Refusal> {
    // Any name is accepted, unlike in chat.
    user::of_bearer_or_body(caller, read)?;
    let named = model::embedding_id(name);
    let id = stand_in.id_of(&named);
    let id = id.ok_or_else(|| Refusal::argo(400, "BadRequestError", stand_in.unknown(name)))?;
    if ["gpt", "claude", "gemini"].iter().any(|family| id.starts_with(family)) {
        return Err(Refusal::vendor(format!("The embeddings operation does not work with the specified model, {id}.")));
    }
    let Some(first) = texts.first() else {
        return Err(Refusal::vendor("'$.input' is invalid: it holds no string."));
    };
    if texts.len() > MOST_STRINGS {
        return Err(Refusal::vendor(format!("Too many inputs. The max number of inputs is {MOST_STRINGS}.")));
    }
    let defect = match prompts::find(first, Endpoint::Embeddings) {
        Some((Case::Fault(fault), _)) => return Ok(fault.reply()),
        Some((Case::Defect(defect), _)) => Some(defect),
        _ => None,
    };
    let dimensions = (stand_in.options.dimensions)(id);
    let (skipped, dimensions) = Defect::effect(defect, dimensions);
    let mut out = br#"{"object":"list","data":["#.to_vec();
    for (i, text) in texts.iter().skip(skipped).enumerate() {
        let comma = if i == 0 { "" } else { "," };
        out.extend_from_slice(format!(r#"{comma}{{"object":"embedding","index":{i},"embedding":["#).as_bytes());
        stand_in.vectors.write(&mut out, dimensions, embed::seed(id, text));
        out.extend_from_slice(b"]}");
    }
    let total: u64 = texts.iter().map(|text| tokens(text)).sum();
    let name = model::embedding_name(id);
    out.extend_from_slice(
        format!(r#"],"model":"{name}","usage":{{"prompt_tokens":{total},"total_tokens":{total}}}}}"#).as_bytes(),
    );
    Ok(Reply::json_bytes(200, out))
}

/// Returns the texts of `input`: one, or a list. For all else a violation is added, as for a list of token ids.
fn texts<'a>(raw: Option<&'a RawValue>, violations: &mut Violations) -> Vec<Cow<'a, str>> {
    let Some(raw) = raw else {
        violations.add(Violation::missing("input"));
        return Vec::new();
    };
    if let Some(text) = string(raw) {
        return vec![text];
    }
    let wrong = || Violation::not_a_string(&[Place::Name("input"), Place::Name("str")]).with_input(raw);
    let Ok(items) = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) else {
        violations.add(wrong());
        return Vec::new();
    };
    let texts: Option<Vec<_>> = items.into_iter().map(string).collect();
    texts.unwrap_or_else(|| {
        violations.add(wrong());
        Vec::new()
    })
}
