case
    when base_value <> 0 and reason in ('moved', 'below_threshold', 'below_floor') then
        round(
            sign(value - base_value)
            * div(abs(value - base_value) * 100 * power(10::numeric, $8::int), reference)
            / power(10::numeric, $8::int)
            , $8::int
        )
end
