//! Tells whoever looks at the table how the lists of models differ from it.

use crate::diagnostics::{Place, Problem};
use crate::models::{GoneModel, NewModel};
use crate::table::{Endpoint, Table};
use std::sync::Arc;

/// Returns a warning for each listed model that the files of the table lack, and for each of their models that the lists lack. They are
/// warnings, since serving does not depend on the lists.
pub fn warnings(table: &Table) -> Vec<Problem> {
    let lists = table.model_lists();
    let endpoint = |url: &str| lists.iter().find(|(endpoint, _)| &*endpoint.url == url).map(|(endpoint, _)| *endpoint);
    let found = table.differences();
    let new = found.new.iter().filter_map(|model| Some(new(model, endpoint(&model.list)?)));
    let gone = found.gone.iter().filter_map(|model| {
        let of_list = || model.lists.iter().find_map(|url| endpoint(url)).map(|endpoint| endpoint.place.clone());
        Some(gone(model, model.place.clone().or_else(of_list)?))
    });
    new.chain(gone).collect()
}

/// Returns what to do about a new model, in words: the lines to paste.
pub fn advice(model: &NewModel) -> String {
    let group = model.group.as_ref().map_or("the names of a group".to_owned(), |group| format!("models.{group}.names"));
    match &model.not_served {
        Some(why) if model.lines.is_empty() => format!("{why}: add {} under another name to {group}", model.id),
        _ => format!("add to {group}:  {}", model.lines.join("  and  ")),
    }
}

fn new(model: &NewModel, list: &Arc<Endpoint>) -> Problem {
    let served = match &model.not_served {
        None => format!("; it is served as {}", model.names.join(", ")),
        Some(_) => String::new(),
    };
    let message = format!("{}: '{}' is listed, and no group of the table has it{served}", list.setting, model.title);
    Problem::warning(list.place.clone(), message, Some(advice(model)))
}

fn gone(model: &GoneModel, place: Place) -> Problem {
    let message = format!("'{}': its id '{}' is not listed by {}", model.name, model.id, model.lists.join(" or "));
    let help = match model.place {
        Some(_) => "take the name out, unless it still answers",
        None => {
            "nothing: it was served because a list had it, and is served for 30 days more, in case the list has only forgotten it"
        }
    };
    Problem::warning(place, message, Some(help.to_owned()))
}
