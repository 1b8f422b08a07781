copy {rejected} (
    file
    , sha256
    , _loaded_at
    , _business_date
    , line
    , byte
    , "column"
    , reason
    , raw
)
from stdin with (format binary)
