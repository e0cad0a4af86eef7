// A query made ready to run: its attributes numbered, its regexes compiled, its span filters listed. Shared by all
// units.
//
// Thread rule: const after make(); any thread. The query outlives it.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "column/unit.h"
#include "traceql/query.h"
#include "traceql/regex.h"

namespace clew::traceql {

class Program {
 public:
  // Precondition: check(query) found nothing. `also` is an attribute to be read beside those of the query; it outlives
  // the program.
  static Result<std::unique_ptr<Program>> make(const Query& query, const Attribute* also = nullptr);

  const Query& query() const { return query_; }
  // The distinct attributes that the query mentions, in the order of their first mention.
  const std::vector<const Attribute*>& attributes() const { return attributes_; }
  // Its index among attributes().
  size_t slot(const Attribute& attribute) const { return slots_.at(&attribute); }
  const Regex& regex(const Binary& binary) const { return *regexes_.at(&binary); }
  // What of a trace's spans an evaluation of the query, and the answer, look at.
  SpanParts parts() const;
  // Every { … } of the query.
  const std::vector<const SpansetFilter*>& filters() const { return filters_; }

 private:
  explicit Program(const Query& query) : query_(query) {}
  void add(const Attribute& attribute);
  Status add(const FieldExpression& expression);
  Status add(const SpansetExpression& expression);
  Status add(const ScalarExpression& expression);
  Status add(const Pipeline& pipeline);
  Status add(const PipelineExpression& expression);

  const Query& query_;
  std::vector<const Attribute*> attributes_;
  std::unordered_map<const Attribute*, size_t> slots_;
  std::unordered_map<std::string, size_t> by_name_;
  std::unordered_map<const Binary*, std::unique_ptr<Regex>> regexes_;
  std::vector<const SpansetFilter*> filters_;
};

}  // namespace clew::traceql
