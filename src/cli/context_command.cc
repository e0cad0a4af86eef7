// `clew context`: what the header of a request says, and what is wrong with it.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/context/explained_header.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

std::string text_of(const RecognisedHeader& header, const ExplainedHeader& explained) {
  std::string text =
      fmt::format("{} ({}{}): ", header.format->name, header.format->title, header.guessed ? ", by its looks" : "");
  text += explained.fault ? "invalid: " + explained.fault->what + "\n" : "valid\n";
  if (explained.fault) {
    text += "  " + printable(header.value) + "\n";
    text += "  " + std::string(columns_of(header.value.substr(0, explained.fault->at)), ' ') + "^\n";
  }
  size_t names = 0, values = 0;
  for (const ExplainedField& field : explained.fields) {
    names = std::max(names, columns_of(printable(field.name)));
    if (!field.meaning.empty()) values = std::max(values, columns_of(printable(field.text)));
  }
  const auto padded = [](const std::string& cell, size_t columns) {
    return cell + std::string(columns - std::min(columns, columns_of(cell)), ' ');
  };
  for (const ExplainedField& field : explained.fields) {
    std::string line = "  " + padded(printable(field.name), names) + "  " + printable(field.text);
    if (!field.meaning.empty()) {
      line = "  " + padded(printable(field.name), names) + "  " + padded(printable(field.text), values) + "  " +
             printable(field.meaning);
    }
    text += line + "\n";
  }
  return text;
}

int explain_all(const std::vector<std::string>& headers) {
  int code = kOk;
  for (const std::string& text : headers) {
    const auto header = recognise_header(text);
    if (!header) {
      complain("'" + printable(text, 60) + "' looks like none of the headers: write NAME: VALUE, for instance 'b3: 0'");
      return kUsage;
    }
    const ExplainedHeader explained = header->format->explain(header->value);
    if (explained.fault) code = kNothingFound;
    if (!print(text_of(*header, explained))) break;
  }
  return code;
}

}  // namespace

void add_context(Command& root) {
  Command& context = add_command(root, "context", "explain a header that carries trace context");
  context.about =
      "Says what traceparent, tracestate, baggage, b3 (and X-B3-*), uber-trace-id or X-Amzn-Trace-Id means, field by "
      "field. What is wrong is pointed at with a caret. Without a name the header is told by its looks.";
  auto headers = std::make_shared<std::vector<std::string>>();
  context.arguments.push_back({"HEADER", headers.get(), "'NAME: VALUE', or a value alone; several may be given."});
  context.examples = {
      {"clew context 'traceparent: 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-03'", "Each field explained."},
      {"clew context 'X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=?'", "Those of AWS."},
  };
  context.exit_codes = "0 valid\n1 a header is invalid\n2 none of the headers that are known";
  context.run = [headers] { return explain_all(*headers); };
}

}  // namespace clew::cli
