//! Fuzzing: each target as a test of some seconds. It replays its seeds, and then as many inputs made of them as the target says,
//! always the same ones. `scripts/fuzz.sh` runs a target for as long as one likes, guided by coverage.

mod engine;
mod targets;

/// Makes a test of each target, named by what holds for every input.
macro_rules! tests {
    ($($name:ident: $target:expr,)*) => {
        $(
            #[test]
            fn $name() {
                engine::fuzz(&$target);
            }
        )*
        const TESTED: &[&str] = &[$($target.name),*];
    };
}

tests! {
    a_mended_text_reads_as_before_and_can_be_passed_on: targets::json::MEND,
    a_body_ends_where_its_document_does: targets::json::DOCUMENT_END,
    fields_are_what_serde_json_reads: targets::json::FIELDS,
    fields_laid_over_a_body_change_no_other: targets::json::OVERLAY,
    a_crowded_list_is_found_where_it_stands: targets::json::CROWDED,
    pieces_of_a_text_are_the_text: targets::json::CUT,
    strings_are_what_serde_json_reads: targets::json::STRINGS,
    numbers_are_what_the_standard_library_reads: targets::json::DECIMAL,
    any_cut_of_a_stream_gives_the_same_events: targets::wire::SSE,
    any_cut_of_bytes_gives_the_same_text: targets::wire::UTF8,
    any_cut_of_gzip_gives_the_same_bytes: targets::wire::GUNZIP,
    a_url_is_read_in_one_way: targets::wire::HTTP_URL,
    a_literal_is_what_python_would_write: targets::argo::PYTHON,
    a_leaked_call_loses_no_text: targets::argo::LEAKED_CALLS,
    an_error_body_says_something_short: targets::argo::ERROR_BODY,
    a_whole_answer_gives_the_same_reply_however_cut: targets::answers::WHOLE,
    a_streamed_answer_gives_the_same_reply_however_cut: targets::answers::STREAM,
    vectors_are_the_numbers_of_the_answer: targets::answers::EMBEDDINGS,
    an_error_of_the_upstream_gives_an_error: targets::answers::ERRORS,
    a_native_answer_gives_the_same_reply_however_cut: targets::native::WHOLE,
    a_native_stream_ends_in_the_same_way_however_cut: targets::native::STREAM,
    a_chat_goes_upstream_as_it_came: targets::requests::CHAT,
    a_completion_goes_upstream_or_is_refused: targets::requests::COMPLETIONS,
    an_embedding_goes_upstream_or_is_refused: targets::requests::EMBEDDINGS,
    a_document_passes_through_as_serde_json_reads_it: targets::requests::PASSTHROUGH,
    a_request_of_gemini_goes_upstream_or_is_refused_in_its_form: targets::gemini::REQUEST,
    a_stream_of_gemini_says_the_same_however_cut: targets::gemini::STREAM,
    a_message_goes_upstream_or_is_refused_in_its_form: targets::messages::REQUEST,
    a_relayed_message_is_the_same_however_cut: targets::messages::RELAY,
    a_response_is_asked_for_or_refused: targets::responses::REQUEST,
    a_response_opens_and_closes_its_items_however_cut: targets::responses::REPLY,
    a_table_serves_or_every_problem_has_a_place: targets::files::TABLE,
    a_configuration_counts_or_every_problem_has_a_place: targets::files::CONFIG,
    callers_count_or_every_problem_has_a_place: targets::files::CALLERS,
    a_duration_is_read_as_it_is_written: targets::files::DURATION,
    a_list_of_models_changes_no_name_of_the_table: targets::lists::LISTS,
    any_cut_of_requests_gives_the_same_requests: targets::heads::HEADS,
}

#[test]
fn every_target_is_a_test() {
    assert_eq!(targets::ALL.map(|target| target.name), TESTED);
}
