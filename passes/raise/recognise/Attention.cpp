// Attention that an exporter took apart (a Softmax between two products), or
// that has its keys and values repeated for all heads and a mask that an
// attribute says as well, becomes Attention.
//
// The mask is not analysed but guessed: no mask at all, causal, causal with a
// window, causal with the padding that an argument gives, and at last the
// graph's own mask as it is. The verifier holds each against the graph.
//
// Rows of padding: where padding comes first they see no key, and Attention
// gives 0 for them. Exporters that hide keys by adding -3.4e38 get the mean of
// all values there, others let padding see padding. These rows mean nothing,
// and no two runtimes agree on them; so where nothing else depends on them
// (emptyRowsStayApart) those without keys, or at last all of padding, are left
// out of the comparison. Elsewhere the graph's own mask is kept, which gives
// the same rows.
#include "lib/reference/MlirTensors.h"
#include "passes/raise/recognise/AttentionMask.h"
#include "passes/raise/recognise/Constants.h"

#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;

namespace jarana::raise::recognise {

using symbolic::Expr;

namespace {

/// One guess of what the mask says.
struct Guess {
  enum Kind { None, Keys, Own } kind = None;
  bool causal = false;
  int64_t window = -1; ///< keys before a query that it sees; -1: all
  enum Rows { All, WithKeys, Real } rows = All; ///< those that are compared
  bool anyContents = false; ///< the own mask, with random numbers in it
  std::string text() const {
    std::string text = causal ? "causal" : "";
    if (window >= 0)
      text += " window of " + std::to_string(window + 1);
    if (kind != None)
      text += (text.empty() ? "" : " and ") +
              std::string(kind == Keys ? "padding" : "as in the graph");
    return text.empty() ? "all" : text;
  }
};

/// Lengths beyond every distance in the mask must be tried: what that may take
/// for one length, in multiplications and in scores.
constexpr double mostProducts = 2e8, mostScores = 4e6;

/// Past keys or values and the new ones.
std::optional<std::pair<Value, Value>> pastAndNew(const HeadsValue &heads) {
  Operation *op = heads.value.getDefiningOp();
  if (heads.layout != Layout::HeadsFirst || opName(op) != "Concat" ||
      op->getNumOperands() != 2)
    return std::nullopt;
  int64_t axis = op->getAttrOfType<IntegerAttr>("axis").getInt();
  if (axis != 2 && axis != -2)
    return std::nullopt;
  return std::pair(op->getOperand(0), op->getOperand(1));
}

class AttentionProposals {
public:
  AttentionProposals(AttentionMatch match, Graph &graph,
                     SmallVectorImpl<Proposal> &proposals)
      : match(std::make_shared<AttentionMatch>(std::move(match))), graph(graph),
        proposals(proposals) {
    facts = std::make_shared<MaskFacts>(examineMask(*this->match, graph));
  }

  void run() {
    SmallVector<Guess> guesses = guess();
    size_t first = proposals.size();
    const HeadsValue &key = match->keys.back(), &value = match->values.back();
    if (key.heads == value.heads)
      for (const Guess &guess : guesses)
        propose(guess, key, value);
    const HeadsValue &allKeys = match->keys.front(),
                     &allValues = match->values.front();
    if (allKeys.heads == allValues.heads &&
        (allKeys.heads != key.heads || allValues.heads != value.heads))
      for (const Guess &guess : guesses)
        propose(guess, allKeys, allValues);
    // Made of what it is made of already: nothing to propose.
    Operation *op = match->anchor;
    if (opName(op) == "Attention" && (match->masks.empty() || match->causal) &&
        (key.value == op->getOperand(1) || value.value == op->getOperand(2)))
      proposals.truncate(first);
  }

private:
  Expr dimOf(Value value, int64_t axis) { return dim(graph, value, axis); }

  SmallVector<Guess> guess() {
    SmallVector<Guess> guesses;
    bool isOperator = opName(match->anchor) == "Attention";
    if (match->masks.empty() || (isOperator && match->causal)) {
      guesses.push_back({match->masks.empty() ? Guess::None : Guess::Own,
                         match->causal, -1, Guess::All, !match->masks.empty()});
      return guesses;
    }
    bool oneQuery = graph.shapes.context().proveEqual(match->queries, Expr(1));
    bool oneLength = match->queries.constant() && match->keyCount.constant();
    bool nearby = facts->bounded && (oneLength || affordable(facts->reach));
    SmallVector<Guess::Kind> kinds;
    if (nearby && facts->arguments.empty())
      kinds.push_back(Guess::None);
    if (nearby && hasKeyMask(*match, *facts, graph))
      kinds.push_back(Guess::Keys);
    for (Guess::Kind kind : kinds) {
      if (oneQuery)
        guesses.push_back({kind, false});
      guesses.push_back({kind, true});
      for (int64_t distance : windows())
        guesses.push_back({kind, true, distance});
    }
    if (llvm::is_contained(kinds, Guess::Keys))
      for (Guess::Rows rows : {Guess::WithKeys, Guess::Real}) {
        guesses.push_back({Guess::Keys, true, -1, rows});
        for (int64_t distance : windows())
          guesses.push_back({Guess::Keys, true, distance, rows});
      }
    if (nearby && facts->arguments.size() < 2)
      guesses.push_back({Guess::Own, true});
    if (!isOperator || match->keys.back().value != match->anchor->getOperand(1))
      guesses.push_back({Guess::Own, false, -1, Guess::All, true});
    return guesses;
  }

  /// Whether lengths beyond this many positions can be tried.
  bool affordable(int64_t distance) {
    auto length = static_cast<double>(distance + 4);
    auto width = static_cast<double>(
        graph.shapes.context().valueOf(dimOf(match->query, 3)).value_or(1));
    double scores = length * length * static_cast<double>(match->heads);
    return scores <= mostScores && 2 * scores * width <= mostProducts;
  }

  /// Where a window may begin, seen from the query.
  SmallVector<int64_t> windows() {
    SmallVector<int64_t> distances = facts->distances, result;
    llvm::sort(distances, std::greater<>());
    for (int64_t distance : distances)
      for (int64_t candidate : {distance, distance - 1})
        if (!llvm::is_contained(result, candidate) && result.size() < 12)
          result.push_back(candidate);
    return result;
  }

  void propose(const Guess &guess, const HeadsValue &key,
               const HeadsValue &value) {
    auto keyParts = pastAndNew(key), valueParts = pastAndNew(value);
    symbolic::Context &context = graph.shapes.context();
    if (keyParts && valueParts && key.value != value.value &&
        context.proveEqual(dimOf(keyParts->second, 2), match->queries)) {
      detachShapes(key.value);
      detachShapes(value.value);
      add(guess, key, value, keyParts, valueParts);
    }
    // Without a past the first query is at the first key.
    bool aligned = context.proveEqual(match->queries, match->keyCount);
    if (aligned || (!guess.causal && guess.window < 0))
      add(guess, key, value, std::nullopt, std::nullopt);
  }

  /// Exporters read the number of keys from what becomes a result of the
  /// operator, and make the mask from it: the shape is read from a copy, which
  /// is never computed.
  void detachShapes(Value joined) {
    Operation *op = joined.getDefiningOp();
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : joined.getUses())
      if (opName(use.getOwner()) == "Shape")
        uses.push_back(&use);
    if (uses.empty())
      return;
    OnnxBuilder build(op, op->getLoc(), graph.shapes);
    Value copy = build.one("Concat", op->getOperands(),
                           build.attribute("axis", op->getAttr("axis")));
    if (copy)
      for (OpOperand *use : uses)
        use->set(copy);
  }

  using Parts = std::optional<std::pair<Value, Value>>;

  void add(const Guess &guess, const HeadsValue &key, const HeadsValue &value,
           const Parts &keyParts, const Parts &valueParts) {
    // The choice of 0 for rows without keys stays outside where the mask is
    // taken as it comes.
    const AttentionOutput &output =
        guess.anyContents ? match->outputs.back() : match->outputs.front();
    Proposal proposal;
    proposal.kind = operatorOf(*match);
    proposal.inputs.push_back({match->query});
    if (keyParts)
      for (Value part : {keyParts->first, keyParts->second, valueParts->first,
                         valueParts->second})
        proposal.inputs.push_back({part});
    else
      for (Value whole : {key.value, value.value})
        proposal.inputs.push_back({whole});
    for (const MaskTerm &term : match->masks)
      if (guess.anyContents || term.perHead)
        proposal.inputs.push_back({term.value, term.kind == MaskTerm::Added
                                                   ? Fill::Normal
                                                   : Fill::Mask});
    if (match->sink)
      proposal.inputs.push_back({match->sink});
    if (!guess.anyContents)
      for (Value argument : facts->arguments)
        proposal.arguments.push_back({argument, Fill::Mask});
    proposal.outputs.push_back(output.value);
    if (keyParts)
      proposal.outputs.append({key.value, value.value});
    if (guess.rows != Guess::All && !leaveOut(guess.rows, output, proposal))
      return;
    bool oneQuery = graph.shapes.context().proveEqual(match->queries, Expr(1));
    proposal.length = oneQuery ? match->keyCount : match->queries;
    if (!guess.anyContents && facts->reach > 0)
      proposal.window = facts->reach + 1;
    proposal.facts = {
        {"heads", std::to_string(match->heads)},
        {"kv_heads", std::to_string(key.heads)},
        {"head_dim", graph.shapes.context().print(dimOf(match->query, 3))},
        {"visible", guess.text()}};
    if (guess.rows == Guess::WithKeys)
      proposal.facts.emplace_back("rows_without_keys", "0 instead of a mean");
    if (guess.rows == Guess::Real)
      proposal.facts.emplace_back("rows_of_padding", "see no padding");
    proposal.build = [match = match, facts = facts, guess, key, value,
                      layout = output.layout, past = keyParts.has_value(),
                      graph = &graph](OnnxBuilder &build, ValueRange values) {
      return makeCandidate(build, values, *match, *facts, guess, key, value,
                           layout, past, *graph);
    };
    proposals.push_back(std::move(proposal));
  }

  /// Compares only some rows of the result. False where the others matter.
  bool leaveOut(Guess::Rows kept, const AttentionOutput &output,
                Proposal &proposal) {
    if (!apart)
      apart = emptyRowsStayApart(*match, output, facts->arguments[0], graph);
    if (!*apart)
      return false;
    Value &rows = kept == Guess::WithKeys ? rowsSeeing : rowsReal;
    if (!rows) {
      OnnxBuilder build(match->anchor, match->anchor->getLoc(), graph.shapes);
      rows = kept == Guess::WithKeys
                 ? rowsWithKeys(build, match->masks)
                 : rowsOfTokens(build, *match, *facts, graph);
      // Broadcast with the result.
      if (rows && output.layout == Layout::PositionsFirst)
        rows =
            rankOf(rows) == 4 ? build.transpose(rows, {0, 2, 1, 3}) : Value();
    }
    proposal.relevant = rows;
    return static_cast<bool>(rows);
  }

  static SmallVector<Value> makeCandidate(
      OnnxBuilder &build, ValueRange values, const AttentionMatch &match,
      const MaskFacts &facts, const Guess &guess, const HeadsValue &key,
      const HeadsValue &value, Layout layout, bool past, Graph &graph) {
    size_t next = 1;
    Value query = values[0], none = build.none(), pastKey = none,
          pastValue = none;
    if (past)
      pastKey = values[next++];
    Value keys = values[next++];
    if (past)
      pastValue = values[next++];
    Value valuesIn = values[next++];
    auto headsFirst = [&](Value heads, Layout from) {
      if (from == Layout::PositionsFirst)
        return build.transpose(heads, {0, 2, 1, 3});
      return from == Layout::WidthFirst ? build.transpose(heads, {0, 1, 3, 2})
                                        : heads;
    };
    query = headsFirst(query, match.queryLayout);
    if (!past) {
      keys = headsFirst(keys, key.layout);
      valuesIn = headsFirst(valuesIn, value.layout);
    }
    SmallVector<MaskTerm> terms;
    for (MaskTerm term : match.masks) {
      if (guess.anyContents || term.perHead)
        term.value = unflattened(build, term, values[next++], match.heads);
      if (!term.value)
        return {};
      if (guess.kind == Guess::Own || term.perHead)
        terms.push_back(term);
    }
    if (guess.kind == Guess::Keys)
      terms.push_back({MaskTerm::Visible, keyMask(build, match, facts, graph)});
    if (!terms.empty() && !terms.back().value)
      return {};
    Value mask = terms.empty() ? none : ownMask(build, terms, elementOf(query));
    SmallVector<Value> sink;
    if (match.sink) {
      sink.push_back(build.reshape(values[next++], {-1}));
      if (!sink[0])
        return {};
    }
    if (!mask || !query || !keys || !valuesIn)
      return {};
    auto integer = [&](StringRef name, int64_t number) {
      return build.attribute(name, build.b.getI64IntegerAttr(number));
    };
    auto real = [&](StringRef name, double number) {
      return build.attribute(
          name, build.b.getF32FloatAttr(static_cast<float>(number)));
    };
    Factor scale = match.scale * key.scale;
    SmallVector<NamedAttribute> attributes = {
        integer("is_causal", guess.causal), real("scale", scale.value()),
        build.attribute(reference::kUnroundedScale,
                        build.b.getDenseF64ArrayAttr(
                            {scale.numerator, scale.denominator}))};
    if (match.softcap != 0)
      attributes.push_back(real("softcap", match.softcap));
    if (guess.window >= 0)
      attributes.push_back(integer("left_window_size", guess.window));
    SmallVector<Value> operands = {query,   keys,      valuesIn, mask,
                                   pastKey, pastValue, none};
    llvm::append_range(operands, sink);
    SmallVector<Value> results =
        build.create(operatorOf(match), operands, attributes, past ? 3 : 1);
    if (!results[0])
      return {};
    results[0] = headsFirst(results[0], layout);
    if (!results[0])
      return {};
    return results;
  }

  static StringRef operatorOf(const AttentionMatch &match) {
    return match.sink ? "AttentionWithSink" : "Attention";
  }

  std::shared_ptr<AttentionMatch> match;
  Graph &graph;
  SmallVectorImpl<Proposal> &proposals;
  std::shared_ptr<MaskFacts> facts;
  std::optional<bool> apart;  ///< emptyRowsStayApart
  Value rowsSeeing, rowsReal; ///< those that are compared
};

class AttentionRecogniser : public Recogniser {
public:
  StringRef name() const override { return "attention"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    auto match = matchAttention(anchor, graph.shapes, declined);
    if (!match)
      return;
    AttentionProposals(std::move(*match), graph, proposals).run();
    if (proposals.empty() && opName(anchor) == "Softmax")
      declined = "the heads of keys and values do not agree";
  }
};

} // namespace

std::unique_ptr<Recogniser> makeAttentionRecogniser() {
  return std::make_unique<AttentionRecogniser>();
}

} // namespace jarana::raise::recognise
