// Networks whose first product with the graph is computed beforehand.
#pragma once

#include "learn/model.hpp"

namespace tern::train {

/// Whether concat(propagate(x), x) of the input x is all that reads it: what [A X, X] can stand for.
bool has_first_propagation(const net::Net& net);

/// The model that reads [A X, X] in place of X: its input has twice the features, and the first propagate and
/// concat are gone. Parameters are copied, quantizers and gates left out. Errors: usage where
/// has_first_propagation() says no.
learn::Model without_first_propagation(const learn::Model& model);

/// The way back: a model on `net`, its first propagation of normalisation "sum", with the parameters of
/// `trained`. REQUIRES: trained came from without_first_propagation() of a model on `net`.
learn::Model with_first_propagation(const net::Net& net, const learn::Model& trained);

}  // namespace tern::train
