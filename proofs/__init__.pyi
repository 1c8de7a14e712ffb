from .citation import cite as cite
from .claim import Claim as Claim
from .claims import CLAIMS as CLAIMS
from .status import Status as Status
from .status import status as status
from .verification import planned as planned
from .verification import verify as verify
