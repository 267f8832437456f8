//! Requests for vectors, one or many, and their replies.

use super::parts::{self, GeminiPart};
use super::spelling::{elements, given};
use super::values::{PlaceOfPart, invalid, whole};
use crate::dialects::client::embedded::VectorList;
use crate::dialects::client::openai::body;
use crate::dialects::client::spoken::{SpokenPart, TextInside};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The most requests in one, as the vendor documents it.
const MOST: usize = 100;

/// What is asked for.
pub struct VectorRequest<'a> {
    /// The texts as JSON strings.
    pub texts: Vec<Cow<'a, RawValue>>,
    /// How long the vectors are to be, if the request says so.
    pub dimensions: Option<u64>,
    /// How the reply is written.
    pub list: &'static dyn VectorList,
}

impl<'a> VectorRequest<'a> {
    /// Reads a body: one request, or a list of them in `requests`.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn parse(body: &'a [u8]) -> Result<Self, Failure> {
        let text = body::text(body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let Some(list) = given(&fields, "requests") else {
            let (text, dimensions) = one("", &fields)?;
            return Ok(VectorRequest { texts: vec![text], dimensions, list: &OneVector });
        };
        let list = fields::list_of(list).map_err(|_| invalid("requests", "it must be a list."))?;
        if list.is_empty() || list.len() > MOST {
            return Err(invalid("requests", &format!("it has {} requests; 1 to {MOST} are taken.", list.len())));
        }
        let (mut texts, mut dimensions) = (Vec::with_capacity(list.len()), None);
        for (index, request) in list.into_iter().enumerate() {
            let place = format!("requests[{index}].");
            let fields =
                Fields::of(request).ok_or_else(|| invalid(place.trim_end_matches('.'), "it must be an object."))?;
            let (text, wanted) = one(&place, &fields)?;
            if index > 0 && wanted != dimensions {
                return Err(invalid(&format!("{place}outputDimensionality"), "all requests must ask for the same."));
            }
            dimensions = wanted;
            texts.push(text);
        }
        Ok(VectorRequest { texts, dimensions, list: &ManyVectors })
    }
}

/// Reads one request: its texts are joined, whatever they are for.
fn one<'a>(place: &str, fields: &Fields<'a>) -> Result<(Cow<'a, RawValue>, Option<u64>), Failure> {
    let at = |name: &str| format!("{place}{name}");
    let content = given(fields, "content").ok_or_else(|| invalid(&at("content"), "it is missing."))?;
    let list = match Fields::of(content) {
        Some(content) => given(&content, "parts").map(elements).unwrap_or_default(),
        None => elements(content),
    };
    let mut texts = Vec::new();
    for (number, part) in list.into_iter().enumerate() {
        match parts::read(PlaceOfPart::Content(0, number), part)? {
            GeminiPart::Said(Some(SpokenPart::Text(text))) => texts.push(text),
            GeminiPart::Said(None) => {}
            _ => return Err(invalid(&at("content"), "vectors are made of texts alone.")),
        }
    }
    let text = match (texts.pop(), texts.is_empty()) {
        (Some(one), true) => one,
        (None, _) => return Err(invalid(&at("content"), "it has no text.")),
        (Some(last), false) => {
            let mut all = TextInside::default();
            texts.iter().chain([&last]).for_each(|text| all.line(json::inside_of(text)));
            all.raw().map_or(last, Cow::Owned)
        }
    };
    let dimensions = given(fields, "outputDimensionality").or_else(|| {
        // Newer clients put it into an object.
        given(fields, "embedContentConfig")
            .and_then(Fields::of)
            .and_then(|config| given(&config, "outputDimensionality"))
    });
    let dimensions = dimensions.map(|value| whole(&at("outputDimensionality"), value)).transpose()?;
    let positive = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
    let wrong = || invalid(&at("outputDimensionality"), "it must be at least 1.");
    Ok((text, dimensions.map(|number| positive(number).ok_or_else(wrong)).transpose()?))
}

/// The reply to one request.
struct OneVector;

impl VectorList for OneVector {
    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"embedding\":");
    }

    fn open_element(&self, out: &mut Vec<u8>, _: u64) {
        out.extend_from_slice(b"{\"values\":");
    }

    fn close(&self, out: &mut Vec<u8>, _: &str, tokens: Option<u64>) {
        push_usage(out, tokens);
    }
}

/// The reply to several requests.
struct ManyVectors;

impl VectorList for ManyVectors {
    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"embeddings\":[");
    }

    fn open_element(&self, out: &mut Vec<u8>, _: u64) {
        out.extend_from_slice(b"{\"values\":");
    }

    fn close(&self, out: &mut Vec<u8>, _: &str, tokens: Option<u64>) {
        out.push(b']');
        push_usage(out, tokens);
    }
}

fn push_usage(out: &mut Vec<u8>, tokens: Option<u64>) {
    if let Some(tokens) = tokens {
        out.extend_from_slice(b",\"usageMetadata\":{\"promptTokenCount\":");
        json::push_number(out, tokens);
        out.push(b'}');
    }
    out.push(b'}');
}
