from .citing import CLAIMS as CLAIMS
from .citing import cite as cite
from .citing import status as status
from .predicting import NoEquilibrium as NoEquilibrium
from .predicting import OutOfDomain as OutOfDomain
from .predicting import Prediction as Prediction
from .predicting import predict as predict
from .simulating import simulate as simulate
