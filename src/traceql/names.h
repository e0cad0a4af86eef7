// The words of the language: the spellings of intrinsics, functions, scopes and operators, and the nearest of them to
// a misspelt one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "traceql/ast.h"

namespace clew::traceql {

// `duration`, `rootServiceName`: the unscoped spellings, frozen for ever.
std::optional<Intrinsic> unscoped_intrinsic(std::string_view word);
// `span` and `parentID`.
std::optional<Intrinsic> scoped_intrinsic(std::string_view scope, std::string_view word);
// Whether any intrinsic begins with `scope:`.
bool has_intrinsics(std::string_view scope);
// One spelling for labels and results: the unscoped one where there is one, else the scoped one.
std::string_view canonical_name(Intrinsic intrinsic);

// `span`, `resource`, `event`, `link`, `instrumentation`.
std::optional<Scope> attribute_scope(std::string_view word);
std::optional<AggregateFunction> aggregate_function(std::string_view word);
std::optional<MetricsFunction> metrics_function(std::string_view word);
// true, false, nil, the statuses and the kinds. `where` is left empty.
std::optional<Literal> literal_word(std::string_view word);

// A word, or nothing when none of the candidates is close (about one wrong letter in three) or continues it.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
// What may stand in a field expression; in a pipeline after `|`; before `.` or `:`; after `scope:`.
std::string_view nearest_field_word(std::string_view word);
std::string_view nearest_stage_word(std::string_view word);
std::string_view nearest_scope(std::string_view word);
std::string_view nearest_scoped_word(std::string_view scope, std::string_view word);
// "span:name, span:duration, …"
std::string intrinsics_of(std::string_view scope);

}  // namespace clew::traceql
